import type { AmqpError } from '../errors.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import { FRAME_HEADER_BYTES } from '../protocol/spec.ts';
import { ContentTrack } from './content-track.ts';

/** A channel as far as a relay follows it: who closes it, and what comes of messages each way. */
export class RelayChannel {
  readonly number: number;
  readonly fromClient = new ContentTrack();
  readonly fromUpstream = new ContentTrack();
  /** That side sent close, which the other has yet to answer. */
  clientCloses = false;
  upstreamCloses = false;
  /** The relay closed it towards both sides, and waits for their answers. */
  isRefused = false;
  clientAnswered = false;
  upstreamAnswered = false;
  /** Why, while the client cannot be told yet: a message to it is not whole. */
  refusal: AmqpError | undefined;
  /** Called once its number is free. */
  whenOver: (() => void) | undefined;
  /** Queue that was declared last, which an empty name stands for. */
  queue = '';
  /** A publish that waits for its content header: payload of its frame. */
  heldBlock: Block | undefined;
  heldStart = 0;
  heldEnd = 0;
  #heldIsOwn = false;

  constructor(number: number) {
    this.number = number;
  }

  /** Whether somebody has begun to close it. */
  get isClosing(): boolean {
    return this.clientCloses || this.upstreamCloses || this.isRefused;
  }

  /** Whether both sides know that it is closed, so that its number is free. */
  get isOver(): boolean {
    if (this.isRefused) return this.clientAnswered && this.upstreamAnswered;
    return !this.clientCloses && !this.upstreamCloses;
  }

  hold(block: Block, start: number, end: number): void {
    this.heldBlock = block;
    this.heldStart = start;
    this.heldEnd = end;
    this.#heldIsOwn = false;
  }

  /** Copies the publish that waits, as its chunk is about to be let go. */
  ownHeld(): void {
    if (this.heldBlock === undefined || this.#heldIsOwn) return;
    const from = this.heldStart - FRAME_HEADER_BYTES;
    const bytes = this.heldBlock.bytes.slice(from, this.heldEnd + 1);
    this.hold(blockOf(bytes), FRAME_HEADER_BYTES, bytes.length - 1);
    this.#heldIsOwn = true;
  }

  dropHeld(): void {
    this.heldBlock = undefined;
  }
}
