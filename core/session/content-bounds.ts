import { AmqpError } from '../errors.ts';
import { wireLimits } from '../protocol/limits.ts';

/** How much of messages a session takes, and how much of them has come and is not whole. */
export class ContentBounds {
  /** Largest body of a message, for channels that are opened from now on; larger: 406. */
  messageBytesMax: number;
  /** Octets of messages that have begun on some channel and not ended; more: 311. */
  unfinishedBytesMax = Infinity;
  #unfinishedBytes = 0;

  constructor(messageBytesMax: number = wireLimits.messageBytesMax) {
    this.messageBytesMax = messageBytesMax;
  }

  /** What has come of a message counts before the message is whole, or memory had no bound. */
  add(bytes: number, method: readonly [number, number]): void {
    this.#unfinishedBytes += bytes;
    if (this.#unfinishedBytes <= this.unfinishedBytesMax) return;
    throw new AmqpError('CONTENT_TOO_LARGE', 'the messages that this connection has begun take '
      + `more than ${this.unfinishedBytesMax} bytes: end some of them first`, method);
  }

  forget(bytes: number): void {
    this.#unfinishedBytes -= bytes;
  }
}
