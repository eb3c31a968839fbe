/** Which seeds are run: those that once found something, some that never change, and new ones. */
import { regressions } from './regressions.ts';

/** The same on every machine and at every time. */
export const fixedSeeds: readonly number[] = [...regressions, ...Array.from({ length: 40 }, (_, index) => index + 1)];

/** New seeds until so much time has passed. */
export function* newSeeds(milliseconds: number): Generator<number> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) yield Math.floor(Math.random() * 2 ** 31);
}

export function* seedsFor(milliseconds: number): Generator<number> {
  yield* fixedSeeds;
  yield* newSeeds(milliseconds);
}
