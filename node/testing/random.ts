import type { Random } from '../../core/index.ts';

/** A number from `min` to `max`, or one to be drawn from that range. */
export type Drawn<T> = T | readonly [min: T, max: T];

/** A whole number from `min` to `max`, both included. */
export function drawInteger(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}
