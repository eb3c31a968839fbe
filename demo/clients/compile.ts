import type { ClientSpec } from '../port/client-host.ts';
import { compiledFor } from '../scenarios/load.ts';

/** What a sandbox runs of the code: no types, and `require` for `import`. Lines stay the same. */
export async function compileClient({ code }: ClientSpec): Promise<string> {
  const known = compiledFor(code);
  if (known !== undefined) return known;
  const { transform } = await import('sucrase');
  const options = { transforms: ['typescript' as const, 'imports' as const] };
  return transform(code, { ...options, disableESTransforms: true }).code;
}
