import { AmqpError, AnswerAwaited } from '../errors.ts';
import type { Sink } from '../ports.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import type { MethodCodec } from '../protocol/codec.ts';
import { FrameReader, methodAt, strayFrame, unknownFrame } from '../protocol/frame-reader.ts';
import { FRAME_HEADER_BYTES, frameTypes } from '../protocol/spec.ts';
import { ProtocolHeader } from '../session/protocol-header.ts';
import type { ConnectionState } from '../session/states.ts';
import { Leg, type LegEnv } from './leg.ts';

/** What a client's input is read for. Whatever is thrown comes to `onThrown`. */
export interface InputHooks {
  readonly state: ConnectionState;
  /** Whether somebody looks at frames. */
  readonly isTapped: boolean;
  /** The first octets are those of AMQP, or of something else. */
  onHeader(isAmqp: boolean): void;
  onMethod(channel: number, codec: MethodCodec, block: Block, start: number, end: number): void;
  onContent(type: number, channel: number, block: Block, start: number, end: number): void;
  /** The chunk at hand is about to be let go. */
  onChunkEnd(): void;
  onThrown(thrown: unknown, channel: number): void;
  /** All has been read that came before the end of the stream. */
  onInputEnd(): void;
  onSilence(): void;
  /** Hears of frames while somebody looks. */
  tapIn(bytes: Uint8Array): void;
}

/** Reads the frames of a client: stops between two of them where it has to wait, and goes on. */
export class ClientInput {
  readonly leg: Leg;
  /** Whether something has to happen before the client is read further. */
  waits = false;
  readonly #frames: FrameReader;
  readonly #hooks: InputHooks;
  readonly #header = new ProtocolHeader();
  #isWritable = true;
  /** Whether somebody looked at frames when the present chunk came. */
  #isTapped = false;
  /** Channel and method at hand, to blame errors on. */
  #channel = 0;
  #method: readonly [number, number] | undefined;

  constructor(untunedMax: number, hooks: InputHooks, sink: Sink, env: LegEnv) {
    this.#hooks = hooks;
    this.#frames = new FrameReader(untunedMax, this.#onFrame.bind(this));
    this.leg = new Leg(this.#frames, sink, env, () => hooks.onSilence());
  }

  /** Whether what the client sends can be sent on: it is read only then. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  setWritable(on: boolean): void {
    if (on === this.#isWritable) return;
    this.#isWritable = on;
    if (on && !this.waits) this.goOn();
    else this.#update();
  }

  setFrameBytesMax(bytes: number): void {
    this.#frames.frameBytesMax = bytes;
  }

  receive(chunk: Uint8Array): void {
    if (this.#frames.broken || this.#hooks.state === 'closed') return;
    const { leg } = this;
    leg.received++;
    this.#isTapped = this.#hooks.isTapped;
    if (this.waits || leg.input.holds) leg.input.push(chunk);
    else this.#read(chunk);
  }

  /** The stream ended in good order; whether something of it has yet to be read. */
  endsLater(): boolean {
    const { input } = this.leg;
    input.ends = input.holds && this.#hooks.state === 'running';
    return input.ends;
  }

  /** Reads nothing more of the client until `done` is called with what to do then. */
  await(start: (done: (then: () => void) => void) => void): void {
    let isAtOnce = true;
    let next: (() => void) | undefined;
    start((then) => {
      if (isAtOnce) next = then;
      else this.goOn(then);
    });
    isAtOnce = false;
    if (next === undefined) this.wait();
    else next();
  }

  /** Reads nothing more of the client until `goOn`. */
  wait(): void {
    this.waits = true;
    this.leg.input.stop();
    this.#update();
  }

  goOn(first: () => void = () => {}): void {
    if (this.#hooks.state === 'closed') return;
    this.waits = false;
    try {
      first();
    } catch (error) {
      this.#onThrown(error);
    }
    this.#update();
    const { input } = this.leg;
    while (!this.waits && input.canGoOn) {
      const chunk = input.next();
      if (chunk === undefined) this.#readOn();
      else this.#read(chunk);
    }
    this.#hooks.onChunkEnd();
    if (input.ends && !input.holds) this.#hooks.onInputEnd();
  }

  #update(): void {
    this.leg.input.setWanted(!this.waits && this.#isWritable);
  }

  #read(chunk: Uint8Array): void {
    const frames = this.#hooks.state === 'header' ? this.#readHeader(chunk) : chunk;
    if (frames.length > 0) this.#frames.feed(frames);
    this.#readOn();
  }

  #readHeader(chunk: Uint8Array): Uint8Array {
    const rest = this.#header.take(chunk);
    if (!this.#header.isPossible || this.#header.isWhole) {
      this.#hooks.onHeader(this.#header.isPossible);
    }
    return this.#header.isPossible ? rest : rest.subarray(rest.length);
  }

  #readOn(): void {
    while (!this.#frames.broken) {
      try {
        this.#frames.run();
        break;
      } catch (error) {
        this.#onThrown(error);
      }
    }
    this.#hooks.onChunkEnd();
    if (this.#frames.broken) this.leg.input.drop();
    else if (!this.#frames.stopped || this.#frames.restBytes === 0) this.#frames.release();
    this.leg.input.update();
  }

  #onThrown(thrown: unknown): void {
    const blamed = thrown instanceof AmqpError && this.#method !== undefined
      ? thrown.at(this.#method) : thrown;
    this.#hooks.onThrown(blamed, this.#channel);
  }

  #onFrame(type: number, channel: number, block: Block, start: number, end: number): void {
    const { state } = this.#hooks;
    if (state === 'closed') return;
    this.#channel = channel;
    this.#method = undefined;
    if (this.#isTapped) {
      this.#hooks.tapIn(block.bytes.subarray(start - FRAME_HEADER_BYTES, end + 1));
    }
    switch (type) {
      case frameTypes.method:
        this.#onMethodFrame(channel, block, start, end);
        return;
      case frameTypes.header:
      case frameTypes.body:
        if (state === 'closing') return;
        if (channel === 0 || state !== 'running') throw strayFrame(block, type, start, end);
        this.#hooks.onContent(type, channel, block, start, end);
        return;
      case frameTypes.heartbeat:
        if (start < end) break;
        if (channel !== 0) throw strayFrame(block, type, start, end);
        return;
    }
    throw unknownFrame(block, type, start, end);
  }

  #onMethodFrame(channel: number, block: Block, start: number, end: number): void {
    const codec = methodAt(block, start, end);
    this.#method = codec.spec.id;
    if (this.#hooks.state === 'closing' && !codec.name.startsWith('connection.close')) return;
    try {
      this.#hooks.onMethod(channel, codec, block, start, end);
    } catch (error) {
      if (!(error instanceof AnswerAwaited)) throw error;
      this.#again(error, channel, block, start, end);
    }
  }

  /** The same frame once more, when it is known whether the client may. */
  #again(
    { whenKnown }: AnswerAwaited, channel: number, block: Block, start: number, end: number,
  ): void {
    const kept = blockOf(block.bytes.slice(start - FRAME_HEADER_BYTES, end + 1));
    this.await((done) => whenKnown(() => done(() => {
      this.#channel = channel;
      this.#onMethodFrame(channel, kept, FRAME_HEADER_BYTES, kept.bytes.length - 1);
    })));
  }
}
