/**
 * Property tests that come to an end: the search for a smaller counterexample of a synchronous property may take
 * minutes, and no timeout of a test can stop it.
 */
import * as fc from 'fast-check';

/** Shorter than the timeout of each test, so that a failure is told with the counterexample found so far. */
const SEARCH_MS_MAX = 30_000;

fc.installGlobalPlugin(fc.interruptAfterTimeLimit(SEARCH_MS_MAX));

export * from 'fast-check';
