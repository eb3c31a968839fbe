/** For each option the words that it may be; `any`: it is something else than a word. */
export type Words<T> = { readonly [K in keyof Required<T>]: 'any' | readonly Required<T>[K][] };

/**
 * Throws a TypeError for an option that there is not. Many tests are written without a compiler,
 * and there an expectation whose name is misspelled would expect nothing, and never fail.
 */
export function checkWords<T extends object>(what: string, given: T, known: Words<T>): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).join(', ');
      throw new TypeError(`${what} has no option '${name}', but ${names}`);
    }
    const words: 'any' | readonly unknown[] = known[name as keyof T];
    if (words === 'any' || value === undefined || words.includes(value)) continue;
    throw new TypeError(`${name} of ${what} is ${words.join(' or ')}, and not '${String(value)}'`);
  }
}
