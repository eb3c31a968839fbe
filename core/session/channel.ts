import { Content } from '../protocol/content.ts';
import type { ContentBounds } from './content-bounds.ts';
import type { ChannelState } from './states.ts';

/** What a session keeps of a channel: its state, and the message that comes in on it. */
export class Channel {
  state: ChannelState = 'closed';
  readonly content: Content;
  readonly #bounds: ContentBounds;
  /** Octets of that message, while it is not whole. */
  #unfinishedBytes = 0;

  constructor(bounds: ContentBounds) {
    this.#bounds = bounds;
    this.content = new Content(bounds.messageBytesMax);
  }

  /** More of the body has come, but not all of it. */
  grew(bytes: number): void {
    this.#unfinishedBytes += bytes;
    this.#bounds.add(bytes, this.content.method);
  }

  /** The message is whole, or will never be: it counts no more against the connection. */
  settle(): void {
    if (this.#unfinishedBytes === 0) return;
    this.#bounds.forget(this.#unfinishedBytes);
    this.#unfinishedBytes = 0;
  }
}
