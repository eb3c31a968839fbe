/** The broker did what it may not. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Which check found it. */
  readonly check: string;

  constructor(check: string, text: string) {
    super(`${check}: ${text}`);
    this.check = check;
  }
}

export function check(holds: boolean, name: string, text: () => string): asserts holds {
  if (!holds) throw new Violation(name, text());
}
