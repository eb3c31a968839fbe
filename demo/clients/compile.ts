import type { ClientSpec } from '../port/client-host.ts';
import { compiledFor } from '../scenarios/load.ts';

/** Code that is neither JavaScript nor TypeScript; `line` counts from 1, 0: not known. */
export class CompileError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** What a sandbox runs of the code: no types, and `require` for `import`. Lines stay the same. */
export async function compileClient({ code }: ClientSpec): Promise<string> {
  const known = compiledFor(code);
  if (known !== undefined) return known;
  const { transform } = await import('sucrase');
  const options = { transforms: ['typescript' as const, 'imports' as const] };
  try {
    return transform(code, { ...options, disableESTransforms: true }).code;
  } catch (error) {
    const { message } = error as Error;
    const [, text = message, line = 0] = /^(.*) \((\d+):\d+\)$/.exec(message) ?? [];
    throw new CompileError(`SyntaxError: ${text}`, Number(line));
  }
}
