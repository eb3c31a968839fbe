import { Observable, type Subscriber } from 'rxjs';
import type { FieldTable } from '../protocol/types.ts';
import type { ChannelCore } from './channel-core.ts';
import type { Delivery } from './delivery.ts';
import { ArgumentError, type ClientError } from './errors.ts';
import { checkNames, type Names } from './names.ts';
import type { ReplyObserver } from './replies.ts';

/** How to consume. */
export interface ConsumeOptions {
  /**
   * Deliveries that may be unsettled at once: the back-pressure. 0: no limit. Default: 250, since
   * a queue that is full would else come into memory whole.
   */
  readonly prefetch?: number;
  /** The broker counts each message as acknowledged when it is sent; prefetch says nothing then. */
  readonly noAck?: boolean;
  /** No other consumer may have the queue; 403, where one has. */
  readonly exclusive?: boolean;
  /** Part of AMQP; neither TabMQ nor RabbitMQ heeds it. */
  readonly noLocal?: boolean;
  /** Consumers of a higher priority are served first. Default: 0. */
  readonly priority?: number;
  /**
   * Where to begin in a stream: its first message, its last chunk, what comes from now on, an
   * offset, a time, or a time span such as `1h` before now.
   */
  readonly streamOffset?: 'first' | 'last' | 'next' | (string & {}) | number | bigint | Date;
  /** Default, and in place of an empty one: a tag that this channel has not used. */
  readonly consumerTag?: string;
  readonly arguments?: FieldTable;
}

const consumeNames: Names<ConsumeOptions> = {
  prefetch: true, noAck: true, exclusive: true, noLocal: true, priority: true, streamOffset: true,
  consumerTag: true, arguments: true,
};

/** One basic.consume and whoever subscribed it. */
export class Consumer {
  readonly queue: string;
  readonly noAck: boolean;
  /** Whether it reads a stream, in which every message stays. */
  readonly #replays: boolean;
  readonly #subscriber: Subscriber<Delivery>;

  constructor(
    queue: string, noAck: boolean, replays: boolean, subscriber: Subscriber<Delivery>,
  ) {
    this.queue = queue;
    this.noAck = noAck;
    this.#replays = replays;
    this.#subscriber = subscriber;
  }

  next(delivery: Delivery): void {
    if (!this.#subscriber.closed) this.#subscriber.next(delivery);
    else if (!this.noAck) this.#giveBack(delivery);
  }

  /**
   * It was on its way when the consumer was cancelled: another one shall have it, at once. From a
   * stream everybody has it, and to requeue it is an error there.
   */
  #giveBack(delivery: Delivery): void {
    if (this.#replays) delivery.ack();
    else delivery.nack({ requeue: true });
  }

  end(error: ClientError | undefined): void {
    if (error === undefined) this.#subscriber.complete();
    else this.#subscriber.error(error);
  }
}

/** Subscribing is basic.consume, unsubscribing basic.cancel. */
export function consume(
  channel: ChannelCore, queue: string, options: ConsumeOptions,
): Observable<Delivery> {
  return new Observable((subscriber) => {
    checkNames('consume', options, consumeNames);
    const { noAck = false } = options;
    // With an empty tag the broker would make one, which deliveries bear before anybody knows it.
    const consumerTag = options.consumerTag || channel.nextConsumerTag();
    if (channel.consumers.has(consumerTag)) {
      subscriber.error(new ArgumentError(`the channel has a consumer '${consumerTag}' already`));
      return;
    }
    const failure = failuresOf(subscriber);
    const prefetchCount = options.prefetch ?? channel.prefetchDefault;
    if (!noAck && prefetchCount !== channel.prefetch) {
      channel.request('basic.qos', { prefetchCount }, failure);
    }
    if (subscriber.closed) return;
    const table = consumeArguments(options);
    const replays = table['x-stream-offset'] !== undefined;
    const consumer = new Consumer(queue, noAck, replays, subscriber);
    channel.consumers.set(consumerTag, consumer);
    channel.request('basic.consume', {
      queue, consumerTag, noAck, exclusive: options.exclusive ?? false,
      noLocal: options.noLocal ?? false, arguments: table,
    }, failure);
    subscriber.add(() => cancel(channel, consumerTag, consumer));
  });
}

/** Until cancel-ok comes the consumer stays, to give back what is on its way. */
function cancel(channel: ChannelCore, consumerTag: string, consumer: Consumer): void {
  if (channel.consumers.get(consumerTag) !== consumer) return;
  const forget = (): void => {
    channel.consumers.delete(consumerTag);
  };
  if (!channel.open) forget();
  else {
    const done = { next: forget, error: forget, complete() {} };
    channel.request('basic.cancel', { consumerTag }, done);
  }
}

/** Hands on what went wrong, and of what went well nothing. */
export function failuresOf(subscriber: Subscriber<unknown>): ReplyObserver {
  return { next() {}, error: (error) => subscriber.error(error), complete() {} };
}

function consumeArguments(options: ConsumeOptions): FieldTable {
  const { priority, streamOffset, arguments: given } = options;
  return {
    ...given,
    ...(priority === undefined ? {} : { 'x-priority': priority }),
    ...(streamOffset === undefined ? {} : { 'x-stream-offset': streamOffset }),
  };
}
