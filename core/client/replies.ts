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

/** A method that was sent, and who waits for its reply. */
export interface Waiting {
  readonly name: MethodName;
  readonly args: object;
  readonly replies: readonly string[];
  readonly observer: ReplyObserver;
}

/**
 * Synchronous methods that wait for their replies, oldest first: none waits for the reply to
 * another. Brokers answer those of one name in order, but RabbitMQ has its queues answer
 * basic.consume and basic.cancel, whose replies come when they come and bear the consumer's tag.
 */
export class Replies {
  #waiting: Waiting[] = [];

  expect(name: MethodName, args: object, observer: ReplyObserver): void {
    const { sync = [] }: MethodSpec = methods[name];
    this.#waiting.push({ name, args, replies: sync, observer });
  }

  /** Gives the reply to whom it answers; 503 where it answers nobody. */
  settle(name: MethodName, value?: object): void {
    const { observer } = this.take(name, value);
    observer.next(value);
    observer.complete();
  }

  /** What this reply answers. */
  take(name: MethodName, value: object = {}): Waiting {
    const tag = tagOf(value);
    // A broker that was asked to make a tag answers with one that nobody knows yet.
    const index = this.#waiting.findIndex(({ replies, args }) =>
      replies.includes(name) && (!tag || !tagOf(args) || tag === tagOf(args)));
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting !== undefined) return waiting;
    const first = this.#waiting[0]?.name ?? 'nothing';
    throw new AmqpError('COMMAND_INVALID', `${name} where ${first} waits for a reply`);
  }

  /** No reply will come any more. */
  fail(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { observer } of waiting) observer.error(error);
  }
}

function tagOf(args: { readonly consumerTag?: string }): string | undefined {
  return args.consumerTag;
}
