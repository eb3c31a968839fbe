import type { ModelChannel } from './model-channel.ts';

/** A connection as the specification has it. */
export class ModelConnection {
  readonly id: number;
  readonly channels = new Map<number, ModelChannel>();
  /** Channels that the broker closed and that the client has not said close-ok on. */
  readonly deaf = new Set<number>();
  ending = false;

  constructor(id: number) {
    this.id = id;
  }
}
