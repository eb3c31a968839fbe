import { AmqpError } from '../errors.ts';
import { FrameReader } from './frame-reader.ts';
import { wireLimits } from './limits.ts';
import { FRAME_HEADER_BYTES, frameTypes, PROTOCOL_HEADER } from './spec.ts';

/** One frame of a stream, with memory of its own. */
export interface Frame {
  /** `protocol-header` stands for the eight octets with which a client begins. */
  readonly kind: 'protocol-header' | keyof typeof frameTypes | 'unknown';
  readonly channel: number;
  /** Where in the stream it begins. */
  readonly offset: number;
  /** All of its octets, as `dissectFrames` takes them. */
  readonly bytes: Uint8Array;
  /** What is in it, without its header and its end. */
  readonly payload: Uint8Array;
}

/** What a FrameDecoder accepts. */
export interface FrameDecoderOptions {
  /** Largest frame in octets; 0: no limit. Default: 131,072. Headers of messages may have 4 MiB. */
  readonly frameBytesMax?: number;
}

const kinds = new Map<number, keyof typeof frameTypes>(Object.entries(frameTypes)
  .map(([kind, type]) => [type, kind as keyof typeof frameTypes]));

/**
 * Cuts one direction of a connection into frames, chunk by chunk, wherever the chunks end. What it
 * keeps meanwhile is the start of one frame.
 */
export class FrameDecoder {
  /** Octets of the stream that came in whole frames: so much of it is used. */
  usedBytes = 0;
  /** Why the stream can be read no further: 501, where a frame is too large or has no end. */
  error: AmqpError | undefined;
  readonly #reader: FrameReader;
  #frames: Frame[] = [];
  #fedBytes = 0;
  /** The start of a stream that may be a protocol header; undefined, once that is known. */
  #start: Uint8Array | undefined = new Uint8Array(0);

  constructor({ frameBytesMax = wireLimits.frameBytesMax }: FrameDecoderOptions = {}) {
    this.#reader = new FrameReader(frameBytesMax, (type, channel, { bytes }, start, end) => {
      const whole = bytes.slice(start - FRAME_HEADER_BYTES, end + 1);
      this.#put(kinds.get(type) ?? 'unknown', channel, whole, FRAME_HEADER_BYTES, 1);
    }, true);
  }

  /** Octets that came and wait for the rest of their frame. */
  get waitingBytes(): number {
    return this.#fedBytes - this.usedBytes;
  }

  /**
   * Takes a chunk, and answers the frames that are whole with it. Where the stream breaks off,
   * those before are answered, `error` says why, and the next call throws that.
   */
  feed(chunk: Uint8Array): Frame[] {
    if (this.error !== undefined) throw this.error;
    this.#fedBytes += chunk.length;
    this.#frames = [];
    const rest = this.#afterHeader(chunk);
    if (rest !== undefined) this.#read(rest);
    return this.#frames;
  }

  #read(chunk: Uint8Array): void {
    this.#reader.feed(chunk);
    try {
      this.#reader.run();
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error;
      this.error = error;
    }
    this.#reader.release();
  }

  /** What follows on a protocol header, or all, where there is none; undefined: too few octets. */
  #afterHeader(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#start === undefined) return chunk;
    const start = new Uint8Array(this.#start.length + chunk.length);
    start.set(this.#start);
    start.set(chunk, this.#start.length);
    this.#start = start;
    if (start[0] === PROTOCOL_HEADER[0] && start.length < PROTOCOL_HEADER.length) return undefined;
    if (start.length === 0) return undefined;
    this.#start = undefined;
    if (start[0] !== PROTOCOL_HEADER[0]) return start;
    this.#put('protocol-header', 0, start.slice(0, PROTOCOL_HEADER.length), 0, 0);
    return start.subarray(PROTOCOL_HEADER.length);
  }

  #put(
    kind: Frame['kind'], channel: number, bytes: Uint8Array, before: number, after: number,
  ): void {
    const payload = bytes.subarray(before, bytes.length - after);
    this.#frames.push({ kind, channel, offset: this.usedBytes, bytes, payload });
    this.usedBytes += bytes.length;
  }
}
