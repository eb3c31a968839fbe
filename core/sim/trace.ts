import type { WireMethod } from './strict-decoder.ts';

interface Line {
  readonly turn: number;
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** What happened last, kept to be shown when something is wrong. */
export class Trace {
  readonly #lines: Line[] = [];
  readonly #linesMax: number;

  constructor(linesMax = 60) {
    this.#linesMax = linesMax;
  }

  add(turn: number, at: number, who: string, what: string): void {
    this.#lines.push({ turn, at, who, what });
    if (this.#lines.length > 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
  }

  get table(): string {
    return this.#lines.slice(-this.#linesMax).map(({ turn, at, who, what }) =>
      `${String(turn).padStart(6)} ${String(at).padStart(8)} ms  ${who.padEnd(14)} ${what}`,
    ).join('\n');
  }
}

/** A method in a line. */
export function describeMethod({ channel, name, args, properties, body }: WireMethod): string {
  const shown = Object.entries(args)
    .filter(([key, value]) => !key.startsWith('reserved') && value !== false && value !== '' &&
      value !== 0 && typeof value !== 'object')
    .map(([key, value]) => `${key}=${String(value)}`);
  const { messageId, deliveryMode } = properties ?? {};
  if (messageId !== undefined) shown.push(`id=${String(messageId)}`);
  if (deliveryMode === 2) shown.push('persistent');
  if (body !== undefined) shown.push(`${body.length} B`);
  return [`${channel}:${name}`, ...shown].join(' ');
}
