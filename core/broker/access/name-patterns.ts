import { limits } from '../../limits.ts';
import { compilePattern } from '../definition/pattern.ts';

/** Compiled patterns of permissions, as many as are in use at a time. */
export class NamePatterns {
  readonly #compiled = new Map<string, RegExp>();

  /** Whether a name matches; the empty pattern matches nothing but the empty name. */
  match(pattern: string, name: string): boolean {
    if (pattern === '') return name === '';
    let compiled = this.#compiled.get(pattern);
    if (compiled === undefined) {
      if (this.#compiled.size >= limits.compiledPatternsMax) this.#compiled.clear();
      compiled = compilePattern(pattern);
      this.#compiled.set(pattern, compiled);
    }
    return compiled.test(name);
  }

  clear(): void {
    this.#compiled.clear();
  }
}
