import type { Counter } from './counter.ts';

/** What a client library is asked to do, in its own quickest way that loses nothing. */
export interface BenchClient {
  /** Publishes until the counter is full; at most `window` messages are unconfirmed. */
  publish(counter: Counter, queue: string, body: Uint8Array, window: number): Promise<void>;
  /** Consumes until the counter is full, and acknowledges each delivery by itself. */
  consume(counter: Counter, queue: string, prefetch: number): Promise<void>;
  /** Closes in order, so that the last acknowledgements arrive. */
  close(): Promise<void>;
}

export type OpenClient = (port: number) => Promise<BenchClient>;

/** Publishes on as messages are confirmed, the way of clients that tell of one at a time. */
export function slide(
  counter: Counter,
  window: number,
  publish: (confirmed: () => void) => void,
): void {
  let unconfirmed = 0;
  let left = counter.total;
  const fill = (): void => {
    while (left > 0 && unconfirmed < window) {
      left -= 1;
      unconfirmed += 1;
      publish(confirmed);
    }
  };
  const confirmed = (): void => {
    unconfirmed -= 1;
    counter.add();
    fill();
  };
  fill();
}
