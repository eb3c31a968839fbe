import { AmqpError } from '../errors.ts';
import { blockOf, type Block } from './bytes.ts';
import { FRAME_END, FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, frameTypes } from './spec.ts';

/** Gets each frame: the payload is block[start, end), valid during the call. */
export type FrameHandler = (
  type: number,
  channel: number,
  block: Block,
  start: number,
  end: number,
) => void;

const EMPTY = blockOf(new Uint8Array(0));

/**
 * Cuts chunks into frames, in place. Only a frame that is split over chunks is copied.
 * A violation throws 501 FRAME_ERROR; call `run` no more then. [AMQP 4.2.3 general frame format]
 */
export class FrameReader {
  /** Largest frame accepted, overhead included; 0 means no limit. */
  frameBytesMax: number;
  readonly #onFrame: FrameHandler;
  #block: Block = EMPTY;
  #offset = 0;
  /** A frame that is not whole yet: its first bytes, and how many there are. */
  #partial: Uint8Array | undefined;
  #partialLength = 0;

  constructor(frameBytesMax: number, onFrame: FrameHandler) {
    this.frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  /** Makes `chunk` the input; `run` then reads it. */
  feed(chunk: Uint8Array): void {
    // A plain view: Node's Buffer has a `slice` that does not copy, and slow subarrays.
    this.#block = blockOf(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#offset = 0;
  }

  /** Forgets the chunk: no reference to the transport's memory stays behind. */
  release(): void {
    this.#block = EMPTY;
    this.#offset = 0;
  }

  /**
   * Reads frames until the chunk is used up. May be called again after the handler threw: it goes
   * on with the next frame.
   */
  run(): void {
    if (this.#partial !== undefined && !this.#completePartial()) return;
    const block = this.#block;
    const { bytes, view } = block;
    const length = bytes.length;
    while (this.#offset + FRAME_HEADER_BYTES <= length) {
      const at = this.#offset;
      const type = bytes[at]!;
      const size = view.getUint32(at + 3);
      this.#checkSize(type, size);
      const start = at + FRAME_HEADER_BYTES;
      const end = start + size;
      if (end >= length) break;
      this.#offset = end + 1;
      if (bytes[end] !== FRAME_END) throw badFrameEnd(block, type, start, end);
      this.#onFrame(type, view.getUint16(at + 1), block, start, end);
    }
    this.#keepRest(length);
  }

  #keepRest(length: number): void {
    const at = this.#offset;
    this.#offset = length;
    const rest = length - at;
    if (rest <= 0) return;
    const bytes = this.#block.bytes;
    const known = rest >= FRAME_HEADER_BYTES;
    const total = known
      ? this.#block.view.getUint32(at + 3) + FRAME_OVERHEAD_BYTES
      : FRAME_HEADER_BYTES;
    this.#partial = new Uint8Array(total);
    this.#partial.set(bytes.subarray(at, length));
    this.#partialLength = rest;
  }

  /** Fills the split frame from the chunk; whether it became whole (and was handed over). */
  #completePartial(): boolean {
    if (!this.#fillPartial()) return false;
    let frame = blockOf(this.#partial!);
    if (frame.bytes.length === FRAME_HEADER_BYTES) {
      const size = frame.view.getUint32(3);
      this.#checkSize(frame.bytes[0]!, size);
      this.#partial = new Uint8Array(size + FRAME_OVERHEAD_BYTES);
      this.#partial.set(frame.bytes);
      if (!this.#fillPartial()) return false;
      frame = blockOf(this.#partial);
    }
    this.#partial = undefined;
    this.#partialLength = 0;
    const end = frame.bytes.length - 1;
    const type = frame.bytes[0]!;
    if (frame.bytes[end] !== FRAME_END) throw badFrameEnd(frame, type, FRAME_HEADER_BYTES, end);
    this.#onFrame(type, frame.view.getUint16(1), frame, FRAME_HEADER_BYTES, end);
    return true;
  }

  #fillPartial(): boolean {
    const partial = this.#partial!;
    const chunk = this.#block.bytes;
    const wanted = partial.length - this.#partialLength;
    const taken = Math.min(wanted, chunk.length - this.#offset);
    partial.set(chunk.subarray(this.#offset, this.#offset + taken), this.#partialLength);
    this.#partialLength += taken;
    this.#offset += taken;
    return taken === wanted;
  }

  #checkSize(type: number, size: number): void {
    // CON-18: clients that forget the overhead get by, as they do with RabbitMQ.
    if (this.frameBytesMax === 0 || size <= this.frameBytesMax) return;
    const max = this.frameBytesMax - FRAME_OVERHEAD_BYTES;
    // The octets are not read, so none are shown.
    throw frameError('FRAME_ERROR', type, EMPTY, 0, 0, `: {frame_too_large,${size},${max}}`);
  }
}

function badFrameEnd(block: Block, type: number, start: number, end: number): AmqpError {
  const why = `: {invalid_frame_end_marker,${block.bytes[end]!}}`;
  return frameError('FRAME_ERROR', type, block, start, end, why);
}

/** CON-20: a frame whose type is not one of AMQP's, or a heartbeat with a payload. */
export function unknownFrame(block: Block, type: number, start: number, end: number): AmqpError {
  return frameError('FRAME_ERROR', type, block, start, end, ': unknown_frame');
}

/** CON-21: a heartbeat anywhere but on channel 0. */
export function strayHeartbeat(block: Block, start: number, end: number): AmqpError {
  return frameError('UNEXPECTED_FRAME', frameTypes.heartbeat, block, start, end, '');
}

function frameError(
  replyName: 'FRAME_ERROR' | 'UNEXPECTED_FRAME',
  type: number,
  block: Block,
  start: number,
  end: number,
  why: string,
): AmqpError {
  const octets = formatOctets(block.bytes.subarray(start, end));
  return new AmqpError(replyName, `type ${type}, all octets = ${octets}${why}`, NO_METHOD);
}

const NO_METHOD = [0, 0] as const;

/** Octets shown in an error text; the text is cut to 255 anyway. */
const SHOWN_OCTETS_MAX = 48;

/** RabbitMQ shows octets in Erlang's form: text where all are printable, else numbers. */
function formatOctets(octets: Uint8Array): string {
  const shown = octets.subarray(0, SHOWN_OCTETS_MAX);
  const rest = octets.length > shown.length ? '...' : '';
  if (shown.length === 0) return '<<>>';
  const printable = shown.every((octet) => octet >= 32 && octet < 127);
  if (printable) return `<<"${String.fromCharCode(...shown)}${rest}">>`;
  return `<<${shown.join(',')}${rest && `,${rest}`}>>`;
}
