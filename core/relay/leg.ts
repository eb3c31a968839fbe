import type { Cancel, Clock, Sink } from '../ports.ts';
import type { Block } from '../protocol/bytes.ts';
import type { BufferPool } from '../protocol/buffer-pool.ts';
import { writeMethod } from '../protocol/codec.ts';
import type { FrameReader } from '../protocol/frame-reader.ts';
import { frameTypes } from '../protocol/spec.ts';
import type { MethodArgs, MethodName } from '../protocol/types.ts';
import { Writer } from '../protocol/writer.ts';
import { startHeartbeat } from '../session/heartbeat.ts';
import { Input } from '../session/input.ts';
import { FrameRun } from './frame-run.ts';

/** What a leg needs of its surroundings. */
export interface LegEnv {
  readonly clock: Clock;
  readonly pool: BufferPool;
}

/** One of the two ends of a relayed connection: the way out to it, its heartbeats, its deadline. */
export class Leg {
  /** Chunks that came, and batches that were sent: the heartbeat looks at both. */
  received = 0;
  sent = 0;
  readonly input: Input;
  /** Hears of whole frames that are sent. */
  tap: ((bytes: Uint8Array) => void) | undefined;
  readonly #run: FrameRun;
  readonly #writer: Writer;
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #stopHeartbeat: Cancel = () => {};
  #stopDeadline: Cancel = () => {};

  constructor(frames: FrameReader, sink: Sink, { clock, pool }: LegEnv, onSilence: () => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#onSilence = onSilence;
    this.input = new Input(frames, sink);
    this.#run = new FrameRun((bytes) => this.send(bytes));
    this.#writer = new Writer(pool, (bytes) => this.send(bytes));
  }

  /** Passes a frame of the other leg on, as it came. */
  pass(block: Block, start: number, end: number): void {
    if (this.#writer.length > 0) this.#writer.flush();
    this.#run.add(block, start, end);
  }

  /** Sends a method of the relay's own. */
  write<N extends MethodName>(channel: number, name: N, args: MethodArgs<N>): void {
    this.#run.flush();
    writeMethod(this.#writer, channel, name, args);
  }

  flush(): void {
    this.#run.flush();
    this.#writer.flush();
  }

  send(bytes: Uint8Array): void {
    this.sent++;
    this.tap?.(bytes);
    this.#sink.send(bytes);
  }

  /** Flushes, then closes. */
  end(): void {
    this.flush();
    this.stop();
    this.#sink.end();
  }

  /** Runs no timer any more. */
  stop(): void {
    this.#stopHeartbeat();
    this.#stopDeadline();
  }

  startHeartbeat(seconds: number): void {
    if (seconds > 0) this.#stopHeartbeat = startHeartbeat(this.#clock, seconds, this);
  }

  /** Heartbeat: nothing else was sent for a while. */
  sendHeartbeat(): void {
    this.#run.flush();
    this.#writer.endFrame(this.#writer.beginFrame(frameTypes.heartbeat, 0));
    this.#writer.flush();
  }

  onSilence(): void {
    this.#onSilence();
  }

  /** Calls `run` after so many milliseconds, unless another deadline takes its place before. */
  within(ms: number, run: () => void, what: string): void {
    this.#stopDeadline();
    this.#stopDeadline = this.#clock.setTimer(ms, run, what);
  }

  noDeadline(): void {
    this.#stopDeadline();
  }
}
