import { AmqpError } from '../errors.ts';
import type { Block } from '../protocol/bytes.ts';
import type { Content } from '../protocol/content.ts';
import type { ChannelCore } from './channel-core.ts';
import { Delivery } from './delivery.ts';
import type { ContentPlace } from './message.ts';
import { Returned } from './returned.ts';

/** Octets of a method before its arguments: the ids of class and method. */
const METHOD_ID_BYTES = 4;
const TAG_AND_FLAG_BYTES = 9;

/** Reads the methods that carry content, with no more work than each message needs. */
export class ContentReader {
  readonly #channel: ChannelCore;
  #at = 0;

  constructor(channel: ChannelCore) {
    this.#channel = channel;
  }

  /** basic.deliver: to its consumer. */
  deliver(content: Content): void {
    const { consumers, unclaimed$ } = this.#channel;
    this.#at = content.methodStart + METHOD_ID_BYTES;
    const consumerTag = this.#name(content);
    const consumer = consumers.get(consumerTag);
    const delivery = this.#delivery(content, consumerTag, consumer?.noAck === true);
    if (consumer !== undefined) consumer.next(delivery);
    else unclaimed$.next(delivery);
  }

  /** basic.get-ok. */
  got(content: Content, noAck: boolean): Delivery {
    this.#at = content.methodStart + METHOD_ID_BYTES;
    return this.#delivery(content, '', noAck, true);
  }

  /** basic.return. */
  returned(content: Content): Returned {
    const { view } = content.block;
    const start = content.methodStart + METHOD_ID_BYTES;
    const replyCode = view.getUint16(start);
    this.#at = start + 2;
    const replyText = this.#name(content);
    const exchange = this.#name(content);
    const routingKey = this.#name(content);
    return new Returned(replyCode, replyText, exchange, routingKey, this.#place(content));
  }

  #delivery(content: Content, consumerTag: string, noAck: boolean, got = false): Delivery {
    const { view, bytes } = content.block;
    const at = this.#at;
    this.#at = this.#checked(content, at + TAG_AND_FLAG_BYTES);
    const deliveryTag = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
    if (noAck) this.#channel.acks.settle(deliveryTag);
    const redelivered = (bytes[at + 8]! & 1) !== 0;
    const exchange = this.#name(content);
    const routingKey = this.#name(content);
    const messageCount = got
      ? view.getUint32(this.#checked(content, this.#at + 4) - 4) : undefined;
    return new Delivery(
      this.#channel, consumerTag, deliveryTag, redelivered, exchange, routingKey,
      this.#place(content), noAck, messageCount,
    );
  }

  #place(content: Content): ContentPlace {
    const { copies } = this.#channel.connection;
    const start = copies.keep(content);
    const block: Block = copies.block;
    return { block, start, bodyBytes: content.bodyBytes };
  }

  #name(content: Content): string {
    const start = this.#at + 1;
    const end = this.#checked(content, start + content.block.bytes[start - 1]!);
    this.#at = end;
    return this.#channel.connection.names.text(content.block, start, end);
  }

  #checked(content: Content, end: number): number {
    if (end <= content.methodEnd) return end;
    throw new AmqpError('SYNTAX_ERROR', 'truncated arguments', content.method);
  }
}
