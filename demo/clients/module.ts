/** What code may import, by name. */
export type Modules = Readonly<Record<string, unknown>>;

/** Lines that stand before the code in the function that is made of it. */
const LINES_BEFORE = 2;

/** Runs the code, a CommonJS module with `await` at its top; ends when that does. */
export async function runModule(code: string, name: string, modules: Modules): Promise<void> {
  const require = (wanted: string): unknown => {
    if (Object.hasOwn(modules, wanted)) return modules[wanted];
    const known = Object.keys(modules).map((each) => `'${each}'`).join(', ');
    throw new Error(`There is no module '${wanted}' in this sandbox: it has ${known}.`);
  };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const body = `"use strict";${code}\n//# sourceURL=${sourceName(name)}`;
  await (AsyncFunction('require', 'exports', 'module', body) as (
    require: unknown, exports: unknown, module: unknown,
  ) => Promise<void>)(require, {}, { exports: {} });
}

/** The line of the code at which an error was thrown, from 1; 0: not in the code. */
export function lineIn(error: unknown): number {
  const stack = error instanceof Error ? error.stack ?? '' : '';
  const found = /client-[^:\s)]*\.js:(\d+)/.exec(stack);
  return found === null ? 0 : Math.max(0, Number(found[1]) - LINES_BEFORE);
}

function sourceName(name: string): string {
  return `client-${name.replace(/[^\w-]/g, '_')}.js`;
}
