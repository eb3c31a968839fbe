import { AmqpError } from '../errors.ts';
import type { Block } from '../protocol/bytes.ts';
import { CONTENT_HEADER_BYTES, type ContentState } from '../protocol/content.ts';
import { wireLimits } from '../protocol/limits.ts';
import { methods } from '../protocol/spec.ts';

const BASIC_CLASS = methods['basic.publish'].id[0];

/** What a channel expects next of a message whose frames pass one by one. CON-22, CON-23. */
export class ContentTrack {
  state: ContentState = 'idle';
  #bytesLeft = 0;
  #bodyFrames = 0;

  /** A method that carries content has passed. */
  begin(): void {
    this.state = 'header';
  }

  /** Errors: 505 where content was expected, and a method came. */
  expectMethod(method: readonly [number, number]): void {
    if (this.state !== 'idle') throw this.#missing(method);
  }

  /** Checks a content header; answers the size of the body. Errors: 501, 502, 505. */
  header(block: Block, start: number, end: number, method: readonly [number, number]): number {
    if (this.state !== 'header') throw this.#missing(method);
    if (end - start < CONTENT_HEADER_BYTES + 2) {
      throw new AmqpError('SYNTAX_ERROR', 'truncated content header', method);
    }
    const { view } = block;
    if (view.getUint16(start) !== BASIC_CLASS || view.getUint16(start + 2) !== 0) {
      throw this.#missing(method);
    }
    const bodyBytes = view.getUint32(start + 4) * 0x1_0000_0000 + view.getUint32(start + 8);
    if (bodyBytes > wireLimits.bodyBytesMax) {
      throw new AmqpError('FRAME_ERROR', `content body of ${bodyBytes} bytes is larger than the ` +
        `${wireLimits.bodyBytesMax} bytes that any message may have`, method);
    }
    this.#bytesLeft = bodyBytes;
    this.#bodyFrames = 0;
    this.state = bodyBytes === 0 ? 'idle' : 'body';
    return bodyBytes;
  }

  /** A body frame with so many octets. Errors: 501, 505. */
  body(bytes: number, method: readonly [number, number]): void {
    if (this.state !== 'body') throw this.#missing(method);
    if (bytes > this.#bytesLeft) {
      throw new AmqpError('FRAME_ERROR', 'content body frame exceeds remaining content size: ' +
        `${bytes} bytes where ${this.#bytesLeft} were left`, method);
    }
    // Frames without octets bring a message no further, and could come for ever.
    this.#bodyFrames = bytes === 0 ? this.#bodyFrames + 1 : this.#bodyFrames;
    if (this.#bodyFrames > wireLimits.bodyFramesMax) {
      const text = `content body is cut into more than ${wireLimits.bodyFramesMax} empty frames`;
      throw new AmqpError('FRAME_ERROR', text, method);
    }
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft === 0) this.state = 'idle';
  }

  #missing(method: readonly [number, number]): AmqpError {
    switch (this.state) {
      case 'idle':
        return new AmqpError('UNEXPECTED_FRAME',
          'expected method frame, got non method frame instead', [0, 0]);
      case 'header':
        return new AmqpError('UNEXPECTED_FRAME', `expected content header for class ${BASIC_CLASS},`
          + ' got non content header frame instead', method);
      case 'body':
        return new AmqpError('UNEXPECTED_FRAME',
          'expected content body, got non content body frame instead', method);
    }
  }
}
