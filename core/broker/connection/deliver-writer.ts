import { Subscriber } from 'rxjs';
import { limits } from '../../limits.ts';
import type { Block } from '../../protocol/bytes.ts';
import { deliverPrefix, writeDeliver } from '../message/content-frames.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Receiver } from '../events/trace.ts';
import { workOfOctets } from '../turn/work.ts';
import type { ServerChannel } from './server-channel.ts';

/**
 * The subscriber behind basic.consume: writes each delivery as basic.deliver. It completes when
 * the queue is deleted, and the client is told by basic.cancel. BAS-16.
 */
export class DeliverWriter extends Subscriber<Delivery> {
  readonly #channel: ServerChannel;
  readonly #consumerTag: string;
  readonly #noAck: boolean;
  readonly #prefix: Block;

  constructor(channel: ServerChannel, consumerTag: string, noAck: boolean) {
    super();
    this.#channel = channel;
    this.#consumerTag = consumerTag;
    this.#noAck = noAck;
    this.#prefix = deliverPrefix(channel.number, consumerTag);
  }

  override next(delivery: Delivery): void {
    const channel = this.#channel;
    const deliveryTag = channel.nextDeliveryTag();
    delivery.deliveryTag = deliveryTag;
    if (!this.#noAck) channel.hold(delivery);
    const { session, vhost } = channel;
    const { firehose, events: { trace } } = vhost;
    if (firehose !== undefined) firehose.delivered(delivery, channel);
    if (trace.active) {
      const receiver = receiverOf(channel, this.#consumerTag, delivery, this.#noAck);
      trace.delivered(vhost, delivery.queue.name, delivery.address, receiver);
    }
    const tail = delivery.queue.tailOf(delivery);
    const octets = tail.end - tail.start;
    if (octets > limits.octetsPerWork) vhost.turn.spend(workOfOctets(octets));
    writeDeliver(
      session.writer, this.#prefix, channel.number, deliveryTag, delivery.redelivered,
      tail, session.frameBytesMax,
    );
    channel.connection.flushLater();
  }

  /** The queue refused the consumer: the channel hears it as what it is. */
  override error(error: unknown): void {
    throw error;
  }

  override complete(): void {
    this.#channel.consumerEnded(this.#consumerTag);
    super.complete();
  }
}

/** Who gets the delivery, as events tell it. */
export function receiverOf(
  { owner }: ServerChannel, consumerTag: string, delivery: Delivery, noAck: boolean,
): Receiver {
  const { deliveryTag, redelivered } = delivery;
  return { owner, consumerTag, deliveryTag, redelivered, noAck };
}
