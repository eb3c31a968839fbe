import type { Random } from '../ports.ts';

/** How long to wait before another attempt. */
export interface BackOffOptions {
  /** Milliseconds before the second attempt. Default: 500. */
  readonly delayMs?: number;
  /** Each wait is so many times the one before. Default: 2. */
  readonly factor?: number;
  /** Longest wait in milliseconds. Default: 30000. */
  readonly delayMsMax?: number;
  /** Share of each wait left to chance, so that clients do not come in step. Default: 0.5. */
  readonly jitter?: number;
}

export const DELAY_MS_MAX = 30_000;

/** Milliseconds to wait after so many failures, of which there is at least one. */
export function backOff(failures: number, random: Random, options: BackOffOptions): number {
  const { delayMs = 500, factor = 2, delayMsMax = DELAY_MS_MAX, jitter = 0.5 } = options;
  // Finite, as a delay of 0 is to stay one however often it grows.
  const growth = Math.min(factor ** (failures - 1), Number.MAX_VALUE);
  const whole = Math.min(delayMsMax, delayMs * growth);
  return whole * (1 - jitter * random());
}
