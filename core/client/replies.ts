import { AmqpError } from '../errors.ts';
import { methods, type MethodSpec } from '../protocol/spec.ts';
import type { MethodName } from '../protocol/types.ts';

/** Who waits for a reply; a Subscriber is one. */
export interface ReplyObserver {
  /** Nobody is interested any more. */
  readonly closed?: boolean;
  next(reply: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** For replies that tell nothing new: whoever is concerned hears of the end of the channel. */
export const NOBODY: ReplyObserver = { next() {}, error() {}, complete() {} };

interface Waiting {
  readonly name: MethodName;
  readonly replies: readonly string[];
  readonly observer: ReplyObserver;
}

/**
 * Synchronous methods that wait for their replies, oldest first: a broker answers them in the
 * order in which they came, so that one need not wait for the reply to the other.
 */
export class Replies {
  #waiting: Waiting[] = [];

  expect(name: MethodName, observer: ReplyObserver): void {
    const { sync = [] }: MethodSpec = methods[name];
    this.#waiting.push({ name, replies: sync, observer });
  }

  /** Gives the reply to whom it answers; 503 where it answers nobody. */
  settle(name: MethodName, value: unknown): void {
    const observer = this.take(name);
    observer.next(value);
    observer.complete();
  }

  /** Whoever this reply answers. */
  take(name: MethodName): ReplyObserver {
    const waiting = this.#waiting[0];
    if (waiting === undefined || !waiting.replies.includes(name)) {
      const why = waiting === undefined ? 'nothing' : waiting.name;
      throw new AmqpError('COMMAND_INVALID', `${name} where ${why} waits for a reply`);
    }
    this.#waiting.shift();
    return waiting.observer;
  }

  /** No reply will come any more. */
  fail(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { observer } of waiting) observer.error(error);
  }
}
