const DAY_MS = 86_400_000;

const unitMs = {
  Y: 365 * DAY_MS, M: 30 * DAY_MS, D: DAY_MS, h: 3_600_000, m: 60_000, s: 1000,
} as const;

/** Milliseconds of an age such as `7D`; undefined where it is none, or zero. QUE-31, QUE-33. */
export function parseAge(text: string): number | undefined {
  const [, count, unit] = /^(\d+)([YMDhms])$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0) return undefined;
  return Number(count) * unitMs[unit as keyof typeof unitMs];
}
