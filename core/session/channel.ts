import { Content } from '../protocol/content.ts';
import type { ChannelState } from './states.ts';

/** What a session keeps of a channel: its state, and the message that comes in on it. */
export class Channel {
  state: ChannelState = 'closed';
  readonly content: Content;

  constructor(messageBytesMax: number | undefined) {
    this.content = new Content(messageBytesMax);
  }
}
