/** A function of the user's, as text, and what it is tried on. */
export interface PredicateRequest {
  readonly code: string;
  readonly messages: readonly unknown[];
}

/** What came of a predicate. */
export interface PredicateResult {
  /** One for each message, in their order. */
  readonly matches: readonly boolean[];
  /** Messages on which it threw, which count as no match; and what it threw first. */
  readonly failures: number;
  readonly failure: string;
}
