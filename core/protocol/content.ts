import { AmqpError } from '../errors.ts';
import { wireLimits } from './limits.ts';
import { blockOf, copy, type Block } from './bytes.ts';
import { FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, methods } from './spec.ts';

/** Payload octets of a content header before the property flags: class, weight, body size. */
export const CONTENT_HEADER_BYTES = 12;

/** Largest body that one frame of the largest size carries. */
export const BODY_FRAME_BYTES_MAX = wireLimits.frameBytesMax - FRAME_OVERHEAD_BYTES;

const EMPTY = blockOf(new Uint8Array(0));
const BASIC_CLASS = methods['basic.publish'].id[0];

/** What a channel expects next. [AMQP 4.2.6 content framing] */
export type ContentState = 'idle' | 'header' | 'body';

/**
 * Puts the frames of one message together: method, content header, body. As long as they lie in
 * one piece in the chunk they are only pointed at (borrowed); when something else comes between
 * or the chunk ends, they are copied (owned). Either way the whole lies in one block in the end:
 * the method's payload, and the header frame and body frames as they came.
 */
export class Content {
  state: ContentState = 'idle';
  /** Holds both regions below. */
  block: Block = EMPTY;
  /** Payload of the method frame. */
  methodStart = 0;
  methodEnd = 0;
  /** Header frame and body frames, frame headers and ends included. */
  contentStart = 0;
  contentEnd = 0;
  /** Body size that the content header announced. */
  bodyBytes = 0;
  #bodyFrames = 0;
  #largestBodyFrame = 0;
  #bodyBytesLeft = 0;
  #owned = false;
  readonly #messageBytesMax: number;

  /** A body of more than `messageBytesMax` octets is refused with 406. */
  constructor(messageBytesMax: number = wireLimits.messageBytesMax) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** A method that carries content arrived. */
  begin(block: Block, start: number, end: number): void {
    this.state = 'header';
    this.block = block;
    this.methodStart = start;
    this.methodEnd = end;
    this.contentStart = this.contentEnd = end + 1;
    this.#bodyFrames = 0;
    this.#largestBodyFrame = 0;
    this.#bodyBytesLeft = 0;
    this.#owned = false;
  }

  /** A content header arrived; whether the message is whole. */
  header(block: Block, start: number, end: number): boolean {
    if (this.state !== 'header') throw unexpectedFrame(this);
    if (end - start < CONTENT_HEADER_BYTES + 2) {
      throw new AmqpError('SYNTAX_ERROR', 'truncated content header', this.method);
    }
    const classId = block.view.getUint16(start);
    if (classId !== BASIC_CLASS) {
      throw new AmqpError('UNEXPECTED_FRAME', 'expected content header for class ' +
        `${BASIC_CLASS}, got one for class ${classId} instead`, this.method);
    }
    // A weight is no part of any header that there is.
    if (block.view.getUint16(start + 2) !== 0) throw missingContent(this, 'header');
    const bodyBytes =
      block.view.getUint32(start + 4) * 0x1_0000_0000 + block.view.getUint32(start + 8);
    this.#checkBodyBytes(bodyBytes);
    this.bodyBytes = this.#bodyBytesLeft = bodyBytes;
    this.#append(block, start - FRAME_HEADER_BYTES, end + 1);
    this.state = bodyBytes === 0 ? 'idle' : 'body';
    return bodyBytes === 0;
  }

  /** A body frame arrived; whether the message is whole. */
  body(block: Block, start: number, end: number): boolean {
    if (this.state !== 'body') throw unexpectedFrame(this);
    const size = end - start;
    if (size > this.#bodyBytesLeft) {
      // RabbitMQ 4 refuses at once what 3.10 stumbles over later. CON-23.
      throw new AmqpError('FRAME_ERROR', 'content body frame exceeds remaining content size: ' +
        `${size} bytes where ${this.#bodyBytesLeft} were left`, this.method);
    }
    if (size > this.#largestBodyFrame) this.#largestBodyFrame = size;
    if (++this.#bodyFrames > wireLimits.bodyFramesMax) this.#checkBodyFrames();
    this.#bodyBytesLeft -= size;
    this.#append(block, start - FRAME_HEADER_BYTES, end + 1);
    if (this.#bodyBytesLeft > 0) return false;
    this.state = 'idle';
    return true;
  }

  /** Whether the body is cut into as few frames of the largest size as may be. */
  get canonical(): boolean {
    return this.#largestBodyFrame <= BODY_FRAME_BYTES_MAX &&
      this.#bodyFrames <= Math.ceil(this.bodyBytes / BODY_FRAME_BYTES_MAX);
  }

  /** Class and method id of the method that carries this content. */
  get method(): readonly [number, number] {
    const { view } = this.block;
    return [view.getUint16(this.methodStart), view.getUint16(this.methodStart + 2)];
  }

  /** Copies what is only borrowed so far: the chunk under it is about to go away. */
  own(): void {
    if (this.#owned || this.state === 'idle') return;
    this.#moveTo(this.methodEnd - this.methodStart + this.contentEnd - this.contentStart);
  }

  /** A copy of a message that is whole, which lasts. */
  copied(): Content {
    const { block, methodStart, methodEnd, contentStart, contentEnd } = this;
    const methodBytes = methodEnd - methodStart;
    const kept = new Content(this.#messageBytesMax);
    kept.block = blockOf(new Uint8Array(methodBytes + contentEnd - contentStart));
    copy(kept.block, 0, block, methodStart, methodEnd);
    copy(kept.block, methodBytes, block, contentStart, contentEnd);
    kept.methodEnd = kept.contentStart = methodBytes;
    kept.contentEnd = kept.block.bytes.length;
    kept.bodyBytes = this.bodyBytes;
    kept.#bodyFrames = this.#bodyFrames;
    kept.#largestBodyFrame = this.#largestBodyFrame;
    return kept;
  }

  /** Lets go of the message; the next one may begin. */
  clear(): void {
    this.state = 'idle';
    this.block = EMPTY;
    this.#owned = false;
  }

  #append(block: Block, start: number, end: number): void {
    if (!this.#owned) {
      if (block === this.block && start === this.contentEnd) {
        this.contentEnd = end;
        return;
      }
      this.own();
    }
    const wanted = this.contentEnd + end - start;
    if (wanted > this.block.bytes.length) this.#moveTo(wanted);
    copy(this.block, this.contentEnd, block, start, end);
    this.contentEnd += end - start;
  }

  /**
   * Moves to memory of our own with room for `wanted` bytes, and for what is still to come but no
   * more than that again: the peer may never send what it announced.
   */
  #moveTo(wanted: number): void {
    const expected = this.#bodyBytesLeft + 4 * FRAME_OVERHEAD_BYTES;
    const target = blockOf(new Uint8Array(wanted + Math.min(expected, wanted)));
    const methodBytes = this.methodEnd - this.methodStart;
    const contentBytes = this.contentEnd - this.contentStart;
    copy(target, 0, this.block, this.methodStart, this.methodEnd);
    copy(target, methodBytes, this.block, this.contentStart, this.contentEnd);
    this.block = target;
    this.methodStart = 0;
    this.methodEnd = this.contentStart = methodBytes;
    this.contentEnd = methodBytes + contentBytes;
    this.#owned = true;
  }

  /** A body may be cut into as many frames of the smallest size as it needs. */
  #checkBodyFrames(): void {
    const needed = Math.ceil(this.bodyBytes / (wireLimits.frameBytesMin - FRAME_OVERHEAD_BYTES));
    const most = Math.max(wireLimits.bodyFramesMax, needed);
    if (this.#bodyFrames <= most) return;
    throw new AmqpError(
      'FRAME_ERROR', `content body is cut into more than ${most} frames`, this.method,
    );
  }

  #checkBodyBytes(bodyBytes: number): void {
    if (bodyBytes > wireLimits.bodyBytesMax) {
      throw new AmqpError('FRAME_ERROR', `content body of ${bodyBytes} bytes is larger than the ` +
        `${wireLimits.bodyBytesMax} bytes that any message may have`, this.method);
    }
    if (bodyBytes > this.#messageBytesMax) {
      // BAS-01: told at the header, before the body takes memory.
      throw bodyTooLarge(bodyBytes, this.#messageBytesMax).at(this.method);
    }
  }
}

/** What a message gets whose body is larger than the broker takes. BAS-01. */
export function bodyTooLarge(bodyBytes: number, most: number): AmqpError {
  return new AmqpError('PRECONDITION_FAILED',
    `message size ${bodyBytes} is larger than configured max size ${most}`);
}

/** CON-22: a header or body that no method announced, or one in the place of the other. */
export function unexpectedFrame(content: Content | undefined): AmqpError {
  if (content !== undefined && content.state !== 'idle') {
    return missingContent(content, content.state);
  }
  const text = 'expected method frame, got non method frame instead';
  return new AmqpError('UNEXPECTED_FRAME', text, [0, 0]);
}

/** CON-22: something else where a content header or body had to come. */
export function missingContent(content: Content, expected: 'header' | 'body'): AmqpError {
  const text = expected === 'header'
    ? `expected content header for class ${BASIC_CLASS}, got non content header frame instead`
    : 'expected content body, got non content body frame instead';
  return new AmqpError('UNEXPECTED_FRAME', text, content.method);
}

/** Where the frame that starts at `at` ends. */
export function frameEnd(block: Block, at: number): number {
  return at + FRAME_OVERHEAD_BYTES + block.view.getUint32(at + 3);
}

/** The body in one piece: a view where it lies in one frame, else a copy. */
export function readBody(block: Block, bodyStart: number, bodyBytes: number): Uint8Array {
  if (bodyBytes === 0) return block.bytes.subarray(bodyStart, bodyStart);
  const first = bodyStart + FRAME_HEADER_BYTES;
  if (frameEnd(block, bodyStart) > first + bodyBytes) {
    return block.bytes.subarray(first, first + bodyBytes);
  }
  const body = new Uint8Array(bodyBytes);
  for (let at = bodyStart, length = 0; length < bodyBytes;) {
    const end = frameEnd(block, at);
    body.set(block.bytes.subarray(at + FRAME_HEADER_BYTES, end - 1), length);
    length += end - at - FRAME_OVERHEAD_BYTES;
    at = end;
  }
  return body;
}
