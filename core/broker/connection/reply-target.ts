import type { Block } from '../../protocol/bytes.ts';
import { deliverPrefix, writeDeliver } from '../message/content-frames.ts';
import { Destination, type Run } from '../turn/run.ts';
import type { ServerChannel } from './server-channel.ts';

/** The consumer behind a direct reply-to address: replies go to its channel and wait nowhere. */
export class ReplyTarget extends Destination {
  /** What requests carry as their reply-to. BAS-06. */
  readonly address: string;
  readonly consumerTag: string;
  readonly #channel: ServerChannel;
  readonly #prefix: Block;

  constructor(channel: ServerChannel, address: string, consumerTag: string) {
    super();
    this.#channel = channel;
    this.address = address;
    this.consumerTag = consumerTag;
    this.#prefix = deliverPrefix(channel.number, consumerTag);
  }

  override get label(): string {
    return this.address;
  }

  override get gone(): boolean {
    return this.#channel.replyTarget !== this;
  }

  override next(run: Run): void {
    const { session, vhost, number, owner } = this.#channel;
    const { trace } = vhost.events;
    for (const counters of [this.#channel.tallies.others, vhost.totals.queues.classic.departed]) {
      counters.delivered += run.count;
      counters.deliveredNoAck += run.count;
    }
    for (let i = 0; i < run.count; i++) {
      const deliveryTag = this.#channel.nextDeliveryTag();
      if (trace.active) {
        trace.delivered(vhost, this.address, run.addresses[i]!, {
          owner, consumerTag: this.consumerTag, deliveryTag, redelivered: false, noAck: true,
        });
      }
      vhost.store.locate(run.addresses[i]!);
      writeDeliver(
        session.writer, this.#prefix, number, deliveryTag, false, vhost.store,
        session.frameBytesMax,
      );
    }
    this.#channel.connection.flushLater();
  }

  override acceptsImmediately(): boolean {
    return !this.gone;
  }
}
