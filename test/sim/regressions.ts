/** Seeds that found a fault of the broker once, with what it was. */
export const regressions: readonly number[] = [];
