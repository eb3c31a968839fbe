/** A span of time: `'250ms'`, `'10s'`, `'5m'`, `'2h'`, `'1d'`, or a number of milliseconds. */
export type Duration = number | `${number}${Unit}`;

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** Largest unit first, so that a text is as short as may be. */
const units: readonly (readonly [Unit, number])[] = [
  ['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1],
];

/** Milliseconds; throws a RangeError where it is no span of time. */
export function millisecondsOf(duration: Duration): number {
  const [, digits, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(`${duration}`) ?? [];
  const factor = units.find(([name]) => name === unit)![1];
  const milliseconds = typeof duration === 'number' ? duration : Number(digits) * factor;
  if (milliseconds >= 0 && milliseconds < Infinity) return milliseconds;
  throw new RangeError(
    `'${duration}' is no duration: it is like '250ms', '10s', '5m', '2h', '1d' or milliseconds`,
  );
}

/** `1.5s`, `30m`: the span in the largest unit of which it has at least one. */
export function durationText(milliseconds: number): string {
  const [name, factor] = units.find(([, size]) => milliseconds >= size) ?? ['ms', 1];
  return `${Math.round((milliseconds / factor) * 100) / 100}${name}`;
}
