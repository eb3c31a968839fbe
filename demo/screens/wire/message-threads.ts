import type { TapEvent } from '../../../core/management/index.ts';
import type { WireFrame } from './wire-frame.ts';

/** Links between frames and messages that are remembered; the oldest are forgotten first. */
const LINKS_MAX = 200_000;

/**
 * Which frames carry which message: published by one connection, delivered to another, settled,
 * and dead-lettered, where it goes on as a new message that still counts as the same here.
 */
export class MessageThreads {
  /** Messages by `seq` of the event or frame that has to do with them. */
  readonly #messages = new Map<number, Set<number>>();
  /** The message that a dead-lettered one came from. */
  readonly #origins = new Map<number, number>();

  addEvent(event: TapEvent): void {
    if (!('message' in event)) return;
    const message = this.#originOf(event.message);
    this.#link(event.seq, message);
    // The frame that was being handled has to do with it: its publish, or its ack.
    if (event.type === 'message.published' || event.type === 'message.settled') {
      this.#link(event.frame, message);
    }
    if (event.type === 'message.dead-lettered' && event.becomes !== 0) {
      this.#origins.set(event.becomes, message);
      forgetOldest(this.#origins);
    }
  }

  /** Frames come before the events that they cause, and after those that cause them. */
  addFrame({ seq, cause, direction }: WireFrame): void {
    if (direction !== 'out') return;
    for (const message of this.#messages.get(cause) ?? []) this.#link(seq, message);
  }

  /** The message that a frame has to do with, if it is one alone. */
  messageOf(frame: WireFrame, frames: readonly WireFrame[]): number | undefined {
    const parts = frames.filter(({ head }) => head === frame.head);
    const messages = new Set(parts.flatMap(({ seq }) => [...this.#messages.get(seq) ?? []]));
    return messages.size === 1 ? [...messages][0] : undefined;
  }

  /** The frames of all messages that a frame has to do with. */
  follow(start: WireFrame, frames: readonly WireFrame[]): readonly WireFrame[] {
    const heads = new Set<number>();
    const wanted = new Set(frames.filter(({ head }) => head === start.head)
      .flatMap(({ seq }) => [...this.#messages.get(seq) ?? []]));
    for (const { seq, head } of frames) {
      for (const message of this.#messages.get(seq) ?? []) {
        if (wanted.has(message)) heads.add(head);
      }
    }
    return frames.filter(({ head }) => heads.has(head));
  }

  #originOf(message: number): number {
    return this.#origins.get(message) ?? message;
  }

  #link(seq: number, message: number): void {
    if (seq === 0 || message === 0) return;
    const known = this.#messages.get(seq);
    if (known !== undefined) {
      known.add(message);
      return;
    }
    this.#messages.set(seq, new Set([message]));
    forgetOldest(this.#messages);
  }
}

function forgetOldest(map: Map<number, unknown>): void {
  if (map.size > LINKS_MAX) map.delete(map.keys().next().value!);
}
