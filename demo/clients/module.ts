/** What code may import, by name. */
export type Modules = Readonly<Record<string, unknown>>;

/** The code of a client, made a function. */
export type ModuleFunction = (
  require: (wanted: string) => unknown, exports: unknown, module: unknown,
) => Promise<void>;

/** Gives the value of an expression that is one; the name is how its errors tell of it. */
export type Evaluate = (text: string, sourceName: string) => ModuleFunction;

/** Runs the code, a CommonJS module with `await` at its top; ends when that does. */
export async function runModule(
  code: string, name: string, modules: Modules, evaluate: Evaluate,
): Promise<void> {
  const require = (wanted: string): unknown => {
    if (Object.hasOwn(modules, wanted)) return modules[wanted];
    const known = Object.keys(modules).map((each) => `'${each}'`).join(', ');
    throw new Error(`There is no module '${wanted}' in this sandbox: it has ${known}.`);
  };
  // The code begins on the first line, so that the lines of errors are those of the code.
  const text = `(async function (require, exports, module) {"use strict";${code}\n})`;
  await evaluate(text, sourceName(name))(require, {}, { exports: {} });
}

/** The line of the code at which an error was thrown, from 1; 0: not in the code. */
export function lineIn(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ('line' in error) return Number(error.line);
  const stack = error.stack ?? '';
  return Number(/client-[^:\s)]*\.js:(\d+)/.exec(stack)?.[1] ?? 0);
}

function sourceName(name: string): string {
  return `client-${name.replace(/[^\w-]/g, '_')}.js`;
}
