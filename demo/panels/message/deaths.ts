import { clockText } from '../../shell/format.ts';
import type { Properties } from '../../../core/protocol/types.ts';

/** One row of the table of deaths. */
export interface Death {
  readonly reason: string;
  readonly queue: string;
  readonly count: number;
  /** The exchange and the keys that it had been published with. */
  readonly exchange: string;
  readonly keys: string;
  /** When it died so for the first time: by the wall clock of the header, or by the clock. */
  readonly time: string;
}

/**
 * The header `x-death`, newest first, as receivers get it. `wallStart`: the time of the wall, in
 * milliseconds, that the clock's 0 stands for.
 */
export function deathsOf({ headers }: Properties, wallStart = 0): readonly Death[] {
  const header = headers?.['x-death'];
  if (!Array.isArray(header)) return [];
  return header.filter((entry) => typeof entry === 'object' && entry !== null).map((entry) => {
    const { reason, queue, count, exchange, time, 'routing-keys': keys } =
      entry as Readonly<Record<string, unknown>>;
    return {
      reason: String(reason), queue: String(queue), count: Number(count ?? 1),
      exchange: String(exchange ?? ''), keys: Array.isArray(keys) ? keys.join(', ') : '',
      time: time instanceof Date ? clockText(time.getTime() - wallStart) : '',
    };
  });
}
