import type { Sink } from '../../ports.ts';
import type { Traffic } from '../counters.ts';
import { frameTypes } from '../../protocol/spec.ts';

/**
 * What a connection sends. While something that it tells of is not on disk yet, all of it waits:
 * a client that is told of a declaration still has it after a crash, and nothing overtakes but
 * heartbeats, which tell of nothing: no client is to take a slow disk for a broker that is dead.
 */
export class HeldSink implements Sink {
  /** Bytes that it was given since this was set to 0. */
  givenBytes = 0;
  /** Counts what it was given. */
  readonly #traffic: Traffic;
  readonly #sink: Sink;
  #held = false;
  #ended = false;
  #batches: Uint8Array[] = [];

  constructor(sink: Sink, traffic: Traffic) {
    this.#traffic = traffic;
    this.#sink = sink;
  }

  hold(): void {
    this.#held = true;
  }

  /** What waited goes out, and what comes from now on goes at once. */
  release(): void {
    this.#held = false;
    for (const batch of this.#batches.splice(0)) this.#sink.send(batch);
    if (this.#ended) this.#sink.end();
  }

  /** What waited is not true, and is never said. */
  drop(): void {
    this.#batches = [];
    this.release();
  }

  get holds(): boolean {
    return this.#held;
  }

  send(bytes: Uint8Array): void {
    this.givenBytes += bytes.length;
    this.#traffic.sentBytes += bytes.length;
    this.#traffic.sentBatches++;
    if (this.#held && bytes[0] !== frameTypes.heartbeat) this.#batches.push(bytes);
    else this.#sink.send(bytes);
  }

  end(): void {
    if (this.#held) this.#ended = true;
    else this.#sink.end();
  }

  setReading(on: boolean): void {
    this.#sink.setReading(on);
  }
}
