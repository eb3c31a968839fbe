import { AmqpError } from '../errors.ts';
import { blockOf, type Block } from './bytes.ts';
import { methodById, type MethodCodec } from './codec.ts';
import { wireLimits } from './limits.ts';
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
 * A violation throws 501 FRAME_ERROR and leaves the reader broken.
 * [AMQP 4.2.3 general frame format]
 */
export class FrameReader {
  /** Largest frame accepted, overhead included; 0 means no limit. */
  frameBytesMax: number;
  /** The stream can no longer be cut into frames: a violation was thrown. */
  broken = false;
  /** Reads no further frame until it is let: set while a frame is handled. */
  stopped = false;
  readonly #onFrame: FrameHandler;
  /** Largest content header accepted, where that is more than a frame. */
  readonly #headerBytesMax: number;
  #block: Block = EMPTY;
  #offset = 0;
  /** A frame that is not whole yet: its first bytes, and how many there are. */
  #partial: Uint8Array | undefined;
  #partialLength = 0;

  /** A client takes headers that grew beyond a frame. */
  constructor(frameBytesMax: number, onFrame: FrameHandler, isClient = false) {
    this.#headerBytesMax = isClient ? wireLimits.receivedHeaderBytesMax : 0;
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
    this.stopped = false;
  }

  /** Octets of the chunk that were not read. */
  get restBytes(): number {
    return this.#block.bytes.length - this.#offset;
  }

  /**
   * Reads frames until the chunk is used up, or the handler stopped it: between two frames. May be
   * called again after that, and after the handler threw: it goes on with the next frame.
   */
  run(): void {
    if (this.stopped) return;
    if (this.#partial !== undefined && !this.#completePartial()) return;
    const block = this.#block;
    const { bytes, view } = block;
    const length = bytes.length;
    while (this.#offset + FRAME_HEADER_BYTES <= length && !this.stopped) {
      const at = this.#offset;
      const type = bytes[at]!;
      const size = view.getUint32(at + 3);
      this.#checkSize(type, size);
      const start = at + FRAME_HEADER_BYTES;
      const end = start + size;
      if (end >= length) break;
      this.#offset = end + 1;
      if (bytes[end] !== FRAME_END) throw this.#badEnd(block, type, start, end);
      this.#onFrame(type, view.getUint16(at + 1), block, start, end);
    }
    if (!this.stopped) this.#keepRest(length);
  }

  #keepRest(length: number): void {
    const at = this.#offset;
    this.#offset = length;
    if (at >= length) return;
    this.#partial = this.#block.bytes.slice(at, length);
    this.#partialLength = length - at;
  }

  /** Fills the split frame from the chunk; whether it became whole (and was handed over). */
  #completePartial(): boolean {
    if (!this.#fillPartial(FRAME_HEADER_BYTES)) return false;
    const { bytes, view } = blockOf(this.#partial!);
    const type = bytes[0]!;
    const size = view.getUint32(3);
    this.#checkSize(type, size);
    if (!this.#fillPartial(size + FRAME_OVERHEAD_BYTES)) return false;
    const frame = blockOf(this.#partial!);
    this.#partial = undefined;
    const end = FRAME_HEADER_BYTES + size;
    if (frame.bytes[end] !== FRAME_END) throw this.#badEnd(frame, type, FRAME_HEADER_BYTES, end);
    this.#onFrame(type, frame.view.getUint16(1), frame, FRAME_HEADER_BYTES, end);
    return true;
  }

  /**
   * Takes from the chunk until the split frame has as many octets; whether it has. Room grows with
   * what came and not with what was announced, which may never come.
   */
  #fillPartial(wanted: number): boolean {
    const taken = Math.min(wanted - this.#partialLength, this.#block.bytes.length - this.#offset);
    if (taken > 0) {
      const length = this.#partialLength + taken;
      if (length > this.#partial!.length) this.#growPartial(Math.min(2 * length, wanted));
      const from = this.#offset;
      this.#partial!.set(this.#block.bytes.subarray(from, from + taken), this.#partialLength);
      this.#partialLength = length;
      this.#offset += taken;
    }
    return this.#partialLength >= wanted;
  }

  #growPartial(bytes: number): void {
    const larger = new Uint8Array(bytes);
    larger.set(this.#partial!.subarray(0, this.#partialLength));
    this.#partial = larger;
  }

  #checkSize(type: number, size: number): void {
    // CON-18: clients that forget the overhead get by, as they do with RabbitMQ.
    if (this.frameBytesMax === 0 || size <= this.frameBytesMax) return;
    const isHeader = type === frameTypes.header;
    if (isHeader && size <= this.#headerBytesMax) return;
    const most = isHeader ? Math.max(this.frameBytesMax, this.#headerBytesMax) : this.frameBytesMax;
    const max = most - FRAME_OVERHEAD_BYTES;
    this.broken = true;
    // The octets are not read, so none are shown.
    throw frameError('FRAME_ERROR', type, EMPTY, 0, 0, `: {frame_too_large,${size},${max}}`);
  }

  /** A frame that does not end where it says: 501. CON-19. */
  #badEnd(block: Block, type: number, start: number, end: number): AmqpError {
    this.broken = true;
    const why = `: {invalid_frame_end_marker,${block.bytes[end]!}}`;
    return frameError('FRAME_ERROR', type, block, start, end, why);
  }
}

/** CON-20: a frame whose type is not one of AMQP's, or a heartbeat with a payload. */
export function unknownFrame(block: Block, type: number, start: number, end: number): AmqpError {
  return frameError('FRAME_ERROR', type, block, start, end, ': unknown_frame');
}

/** The method of a method frame. Errors: 501 for one that is too short, 540 for an unknown one. */
export function methodAt(block: Block, start: number, end: number): MethodCodec {
  if (end - start < 4) throw unknownFrame(block, frameTypes.method, start, end);
  const [classId, methodId] = [block.view.getUint16(start), block.view.getUint16(start + 2)];
  const codec = methodById(classId, methodId);
  if (codec !== undefined) return codec;
  const id = [classId, methodId] as const;
  throw new AmqpError('NOT_IMPLEMENTED', `unknown method ${id.join('.')}`, id);
}

/** CON-21, CON-22: a heartbeat anywhere but on channel 0, or content there. */
export function strayFrame(block: Block, type: number, start: number, end: number): AmqpError {
  return frameError('UNEXPECTED_FRAME', type, block, start, end, '');
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
