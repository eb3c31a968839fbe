import { writeFileSync } from 'node:fs';
import type { Subscription } from 'rxjs';
import { dissectFrames, summarize, type Broker, type FrameEvent } from '../../core/index.ts';

/** Bytes of frames that are kept; the oldest go first. */
const BYTES_MAX = 16_777_216;

/** Every frame of every connection, to be read when a test failed. */
export class FrameLog {
  readonly #startedAt: number;
  readonly #subscription: Subscription;
  #frames: FrameEvent[] = [];
  #bytes = 0;

  constructor(broker: Broker) {
    this.#startedAt = broker.clock.wall();
    this.#subscription = broker.frames$.subscribe((frame) => this.#add(frame));
  }

  /** One line a frame: milliseconds since the start, connection, direction, what it says. */
  get text(): string {
    return this.#frames.flatMap((event) => this.#linesOf(event)).join('\n');
  }

  write(file: string): void {
    writeFileSync(file, `${this.text}\n`);
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #add(event: FrameEvent): void {
    this.#frames.push({ ...event, bytes: event.bytes.slice() });
    this.#bytes += event.bytes.length;
    if (this.#bytes > BYTES_MAX) this.#dropOldHalf();
  }

  #dropOldHalf(): void {
    this.#frames = this.#frames.slice(Math.ceil(this.#frames.length / 2));
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  #linesOf({ at, connection, direction, bytes }: FrameEvent): string[] {
    const time = (at - this.#startedAt).toFixed(1).padStart(10);
    const way = direction === 'in' ? 'client > broker' : 'client < broker';
    return dissectFrames(bytes).map((frame) => {
      return `${time} ${connection} ${way} ${summarize(frame)}`;
    });
  }
}
