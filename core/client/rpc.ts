import { defer, map, Observable, Subscription, type Subscriber } from 'rxjs';
import type { Clock } from '../ports.ts';
import { DIRECT_REPLY_TO } from '../protocol/spec.ts';
import type { Channel } from './channel.ts';
import type { ConsumeOptions } from './consume.ts';
import type { Delivery } from './delivery.ts';
import { ClientError } from './errors.ts';
import { ackAfter, type AckAfterOptions, type Project } from './operators.ts';
import { snapshotOf, type Outgoing } from './outgoing.ts';
import type { Returned } from './returned.ts';

/** How long `rpc` waits for its answer. */
export interface RpcOptions {
  /** Milliseconds to wait for the reply. Default: for ever, or rather until the channel ends. */
  readonly timeoutMs?: number;
}

/** The body of a reply, and what properties it is to have beside the correlation id. */
export type Reply = Pick<Outgoing, 'body' | 'properties'>;

/** Answers the requests of a queue; emits the replies. */
export function answer(
  channel: Channel, queue: string, project: Project<Reply>,
  { concurrency, requeue, onError, ...consuming }: ConsumeOptions & AckAfterOptions,
): Observable<Reply> {
  const working = { concurrency, requeue, onError } as AckAfterOptions;
  return channel.consume(queue, consuming).pipe(ackAfter((request) => {
    const { replyTo, correlationId } = request.properties;
    const send = (reply: Reply): Reply => {
      const correlation = correlationId === undefined ? {} : { correlationId };
      if (replyTo !== undefined) {
        const properties = { ...reply.properties, ...correlation };
        channel.post({ routingKey: replyTo, body: reply.body, properties });
      }
      return reply;
    };
    return defer(() => project(request)).pipe(map(send));
  }, working));
}

/** Requests of one channel, whose replies come to one consumer of the direct reply-to. */
export class Requester {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Subscriber<Delivery>>();
  #replies: Subscription | undefined;
  #count = 0;

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  request(given: Outgoing, { timeoutMs }: RpcOptions): Observable<Delivery> {
    const request = snapshotOf(given);
    return new Observable((subscriber) => {
      this.#listen();
      const correlationId = `${++this.#count}`;
      this.#waiting.set(correlationId, subscriber);
      subscriber.add(() => this.#waiting.delete(correlationId));
      if (timeoutMs !== undefined) {
        subscriber.add(this.#clock.setTimer(timeoutMs, () => {
          subscriber.error(new ClientError('message', `no reply within ${timeoutMs} ms`));
        }));
      }
      const properties = { ...request.properties, correlationId, replyTo: DIRECT_REPLY_TO };
      try {
        const mandatory = request.mandatory ?? true;
        this.#channel.post({ ...request, mandatory, properties });
      } catch (error) {
        subscriber.error(error);
      }
    });
  }

  /** The consumer must be there before the first request, and stays until the channel ends. */
  #listen(): void {
    if (this.#replies !== undefined) return;
    const replies = new Subscription();
    this.#replies = replies;
    replies.add(this.#channel.returned$.subscribe((returned) => this.#onReturn(returned)));
    replies.add(this.#channel.consume(DIRECT_REPLY_TO, { noAck: true }).subscribe({
      next: (reply) => this.#onReply(reply),
      error: (error: unknown) => this.#fail(error),
      complete: () => this.#fail(new ClientError('channel', 'the channel is closed')),
    }));
  }

  #onReply(reply: Delivery): void {
    const subscriber = this.#waiting.get(reply.properties.correlationId ?? '');
    subscriber?.next(reply);
    subscriber?.complete();
  }

  #onReturn(returned: Returned): void {
    if (returned.properties.replyTo !== DIRECT_REPLY_TO &&
      !returned.properties.replyTo?.startsWith(`${DIRECT_REPLY_TO}.`)) return;
    const { routingKey, exchange, replyText } = returned;
    this.#waiting.get(returned.properties.correlationId ?? '')?.error(new ClientError(
      'message',
      `nobody takes requests for '${routingKey}' of exchange '${exchange}': ${replyText}`,
    ));
  }

  #fail(error: unknown): void {
    this.#replies?.unsubscribe();
    this.#replies = undefined;
    for (const subscriber of [...this.#waiting.values()]) subscriber.error(error);
  }
}
