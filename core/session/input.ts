import type { Sink } from '../ports.ts';
import type { FrameReader } from '../protocol/frame-reader.ts';

/**
 * What a peer sent and the session did not read yet: the rest of a chunk that was stopped, and
 * chunks behind it. While there is any, the peer is not read further, so it is not much.
 */
export class Input {
  /** Whether the peer ended its stream behind it. */
  ends = false;
  /** Whether the peer is read now. */
  reading = true;
  readonly #frames: FrameReader;
  readonly #sink: Sink;
  #chunks: Uint8Array[] = [];
  #wanted = true;
  #droppedBytes = 0;

  constructor(frames: FrameReader, sink: Sink) {
    this.#frames = frames;
    this.#sink = sink;
  }

  get holds(): boolean {
    return this.#frames.stopped || this.#chunks.length > 0;
  }

  /** Octets that came and were not read: they wait, or were dropped. */
  get heldBytes(): number {
    const waiting = this.#chunks.reduce((sum, { length }) => sum + length, 0);
    return this.#droppedBytes + this.#frames.restBytes + waiting;
  }

  /** Whether something waits that is wanted. */
  get canGoOn(): boolean {
    return this.#wanted && this.holds;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.update();
  }

  /** Stops behind the present frame; what the chunk has more waits. */
  stop(): void {
    this.#frames.stopped = true;
  }

  /** The chunk that comes next; undefined: the one that was stopped goes on. */
  next(): Uint8Array | undefined {
    if (!this.#frames.stopped) return this.#chunks.shift();
    this.#frames.stopped = false;
    return undefined;
  }

  /** Whether the owner wants the peer to be read. */
  setWanted(on: boolean): void {
    this.#wanted = on;
    this.update();
  }

  /** Nothing of it is to be read any more. */
  drop(): void {
    this.#droppedBytes = this.heldBytes;
    this.#chunks = [];
    this.#frames.release();
  }

  /** Reads the peer, or not, as it is by now. */
  update(): void {
    const reading = this.#wanted && !this.holds;
    if (reading === this.reading) return;
    this.reading = reading;
    this.#sink.setReading(reading);
  }
}
