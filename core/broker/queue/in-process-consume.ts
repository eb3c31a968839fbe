import { Observable } from 'rxjs';
import { assert } from '../../assert.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import { Gate } from '../delivery/gate.ts';
import type { Consumer, ConsumeOptions } from '../delivery/consumer.ts';
import type { DeliveryCounters } from '../counters.ts';
import type { QueueFacts } from './queue-host.ts';
import { generatedName } from '../names.ts';

/** How to consume in process. */
export interface InProcessOptions {
  /** Default: a generated one. */
  readonly consumerTag: string;
  /** Messages count as acknowledged when they are handed over. Default: false. */
  readonly noAck: boolean;
  /** No other consumer beside this one; 403 where there is one. Default: false. */
  readonly exclusive: boolean;
  /** Messages that may be unsettled at once; 0: no limit. Default: 0. */
  readonly prefetch: number;
  /** Higher ones are served first. Default: 0. */
  readonly priority: number;
  /** As in basic.consume; a stream has x-stream-offset and filters. Default: none. */
  readonly arguments: FieldTable;
}

/** A message as a consumer in process gets it; its bytes are its own. */
export class IncomingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
  readonly redelivered: boolean;
  readonly deliveryCount: number;
  readonly #settle: (outcome: Outcome) => void;

  constructor(delivery: Delivery, settle: (outcome: Outcome) => void) {
    const message = delivery.queue.messageOf(delivery);
    assert(message !== undefined, 'a message is there while it goes out');
    this.exchange = message.exchange;
    this.routingKey = message.routingKey;
    this.properties = message.visibleProperties;
    this.body = message.body.slice();
    this.redelivered = delivery.redelivered;
    this.deliveryCount = delivery.deliveryCount;
    this.#settle = settle;
  }

  /** It is done with. Settling a message twice does nothing. */
  ack(): void {
    this.#settle('ack');
  }

  /** It could not be handled: back to its place in the queue, or dead-lettered. */
  nack({ requeue = true }: { requeue?: boolean } = {}): void {
    this.#settle(requeue ? 'requeue' : 'reject');
  }
}

/** A queue that can be consumed. */
interface ConsumedInProcess extends QueueFacts {
  readonly pastCounters: DeliveryCounters;
  deliveries(options: ConsumeOptions): Observable<Delivery>;
  settle(delivery: Delivery, outcome: Outcome): void;
}

/** Consumes a queue without a connection. */
export function consumeInProcess(
  queue: ConsumedInProcess, options: Partial<InProcessOptions>,
): Observable<IncomingMessage> {
  const { turn, random } = queue.vhost;
  return new Observable((messages) => {
    const unsettled = new Set<Delivery>();
    const settle = (delivery: Delivery, outcome: Outcome): void => {
      if (!unsettled.delete(delivery)) return;
      if (outcome === 'ack') queue.pastCounters.acknowledged++;
      turn.within(() => queue.settle(delivery, outcome));
    };
    const {
      consumerTag = generatedName('amq.ctag-', random), noAck = false, exclusive = false,
      prefetch = 0, priority = 0,
      arguments: table = {},
    } = options;
    const deliveries$ = queue.deliveries({
      consumerTag, noAck, exclusive, prefetch, priority,
      timeout: undefined, arguments: table, gate: new Gate<Consumer>(), owner: '',
    });
    turn.within(() => {
      const subscription = deliveries$.subscribe({
        next: (delivery) => {
          if (!noAck) unsettled.add(delivery);
          const { vhost } = queue;
          const { trace } = vhost.events;
          if (trace.active) {
            trace.delivered(vhost, queue.name, delivery.address, {
              owner: '', consumerTag, deliveryTag: 0, redelivered: delivery.redelivered, noAck,
            });
          }
          messages.next(new IncomingMessage(delivery, (outcome) => settle(delivery, outcome)));
        },
        error: (error: unknown) => messages.error(error),
        complete: () => messages.complete(),
      });
      messages.add(subscription);
    });
    return () => turn.within(() => {
      for (const delivery of unsettled) settle(delivery, 'return');
    });
  });
}
