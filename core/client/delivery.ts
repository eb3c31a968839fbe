import type { ChannelCore } from './channel-core.ts';
import { ClientError } from './errors.ts';
import { Message, type ContentPlace } from './message.ts';

/** A message for a consumer, or one that was fetched by basic.get. */
export class Delivery extends Message {
  /** '' where it was fetched. */
  readonly consumerTag: string;
  readonly deliveryTag: number;
  /** Whether it may have been delivered before. */
  readonly redelivered: boolean;
  /** Messages left in the queue, where it was fetched. */
  readonly messageCount: number | undefined;
  readonly #channel: ChannelCore;
  #settled: boolean;

  constructor(
    channel: ChannelCore, consumerTag: string, deliveryTag: number, redelivered: boolean,
    exchange: string, routingKey: string, place: ContentPlace, noAck: boolean,
    messageCount?: number,
  ) {
    super(exchange, routingKey, place);
    this.#channel = channel;
    this.consumerTag = consumerTag;
    this.deliveryTag = deliveryTag;
    this.redelivered = redelivered;
    this.messageCount = messageCount;
    this.#settled = noAck;
  }

  /** Its queue; '' where its consumer has ended, or it was fetched. */
  get queue(): string {
    return this.#channel.consumers.get(this.consumerTag)?.queue ?? '';
  }

  /** Whether it was acknowledged or refused; from the start, where it came with noAck. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Says that the message was dealt with. Like all of these three: answers false where the channel
   * is gone, so that the broker delivers the message again; throws where it was settled before.
   */
  ack(): boolean {
    return this.#settle() && this.#channel.acks.ack(this.deliveryTag);
  }

  /**
   * Gives the message back to its queue, as is the default, or up, which a dead-letter exchange
   * may hear of.
   */
  nack(options: { readonly requeue?: boolean } = {}): boolean {
    return this.#settle() && this.#channel.acks.nack(this.deliveryTag, options.requeue ?? true);
  }

  /**
   * The same by basic.reject, which brokers without the extension basic.nack know; by default the
   * message is given up.
   */
  reject(options: { readonly requeue?: boolean } = {}): boolean {
    return this.#settle() && this.#channel.acks.reject(this.deliveryTag, options.requeue ?? false);
  }

  #settle(): true {
    if (this.#settled) {
      throw new ClientError('message', `delivery ${this.deliveryTag} is settled already`);
    }
    this.#settled = true;
    return true;
  }
}
