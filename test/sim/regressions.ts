/** Seeds that found a fault of the broker once, with what it was. */
export const regressions: readonly number[] = [
  // Deliveries from one queue counted against the limit of another one after a restart.
  779,
];
