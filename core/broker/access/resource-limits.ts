import { SettingError } from '../definition/setting-error.ts';
import { jsonTerm } from '../reply-text.ts';

/** Limits that are set, by RabbitMQ's names: 0: none may be, negative: as many as there are. */
export type Limits<N extends string> = { readonly [K in N]?: number };

/** A limit as it binds: Infinity where none is set, or a negative one. */
export function limitOf<N extends string>(limits: Limits<N>, name: N): number {
  const value = limits[name];
  return value === undefined || value < 0 ? Infinity : value;
}

/** Refuses names that are none, and values that are no whole numbers; `what`: in which part. */
export function checkLimits<N extends string>(
  names: readonly N[], limits: Readonly<Record<string, unknown>>, what: string,
): void {
  const unknown = Object.entries(limits).filter(([name]) => !names.includes(name as N));
  if (unknown.length > 0) {
    const terms = unknown.map(([name, value]) => `{${jsonTerm(name)},${jsonTerm(value)}}`);
    throw new SettingError('invalid', `Unrecognised terms [${terms.join(',')}] in ${what}`);
  }
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value)) continue;
    throw new SettingError('invalid',
      `${name} should be a number, actually was ${jsonTerm(value)}`);
  }
}

/** The limits with one more. */
export function withLimit<N extends string>(
  names: readonly N[], limits: Limits<N>, name: string, value: unknown, what: string,
): Limits<N> {
  checkLimits(names, { [name]: value }, what);
  return { ...limits, [name]: value };
}

/** The limits without one. */
export function withoutLimit<N extends string>(limits: Limits<N>, name: string): Limits<N> {
  return Object.fromEntries(Object.entries(limits).filter(([each]) => each !== name)) as Limits<N>;
}
