import type { Sink } from '../../ports.ts';
import type { BufferPool } from '../../protocol/buffer-pool.ts';
import type { Traffic } from '../counters.ts';
import { frameTypes } from '../../protocol/spec.ts';

/**
 * What a connection sends. While something that it tells of is not on disk yet, all of it waits:
 * a client that is told of a declaration still has it after a crash, and nothing overtakes but
 * heartbeats, which tell of nothing: no client is to take a slow disk for a broker that is dead.
 * What waits counts as unsent, so that the memory alarm sees it.
 */
export class HeldSink implements Sink {
  /** Bytes that it was given since this was set to 0. */
  givenBytes = 0;
  /** Counts what it was given. */
  readonly #traffic: Traffic;
  readonly #sink: Sink;
  readonly #pool: BufferPool;
  #held = false;
  #ended = false;
  #batches: Uint8Array[] = [];

  /** `pool` lent the memory under what is sent. */
  constructor(sink: Sink, traffic: Traffic, pool: BufferPool) {
    this.#traffic = traffic;
    this.#sink = sink;
    this.#pool = pool;
  }

  hold(): void {
    this.#held = true;
  }

  /** What waited goes out, and what comes from now on goes at once. */
  release(): void {
    this.#held = false;
    for (const batch of this.#takeBatches()) this.#sink.send(batch);
    if (this.#ended) this.#sink.end();
  }

  /** What waited is not true, and is never said. */
  drop(): void {
    this.#takeBatches();
    this.release();
  }

  get holds(): boolean {
    return this.#held;
  }

  send(bytes: Uint8Array): void {
    this.givenBytes += bytes.length;
    this.#traffic.sentBytes += bytes.length;
    this.#traffic.sentBatches++;
    if (this.#held && bytes[0] !== frameTypes.heartbeat) this.#keep(bytes);
    else this.#sink.send(bytes);
  }

  /** A few octets do not keep the whole buffer that they were written in. */
  #keep(bytes: Uint8Array): void {
    const isSmall = bytes.length * 2 < bytes.buffer.byteLength;
    this.#batches.push(isSmall ? bytes.slice() : bytes);
    if (isSmall) this.#pool.give(bytes);
    this.#pool.unsentBytes += bytes.length;
  }

  #takeBatches(): readonly Uint8Array[] {
    const batches = this.#batches.splice(0);
    for (const { length } of batches) this.#pool.unsentBytes -= length;
    return batches;
  }

  end(): void {
    if (this.#held) this.#ended = true;
    else this.#sink.end();
  }

  setReading(on: boolean): void {
    this.#sink.setReading(on);
  }
}
