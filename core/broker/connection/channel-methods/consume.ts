import { Subscription } from 'rxjs';
import { AmqpError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { DIRECT_REPLY_TO } from '../../../protocol/spec.ts';
import type { MethodArgs } from '../../../protocol/types.ts';
import { parseConsumerArguments } from '../../delivery/consumer-arguments.ts';
import { writeGetOk } from '../../message/content-frames.ts';
import { DeliverWriter, receiverOf } from '../deliver-writer.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { generatedName } from '../../names.ts';
import type { Queue } from '../../queue/abstract-queue.ts';
import { ReplyTarget } from '../reply-target.ts';
import type { ChannelMethods, ServerChannel } from '../server-channel.ts';
import { queueName, usableQueue } from './queue.ts';

/** Methods of the class basic that ask for messages. */
export const consumeMethods: ChannelMethods<
  'basic.qos' | 'basic.consume' | 'basic.cancel' | 'basic.cancel-ok' | 'basic.get'
> = {
  /** Sets a prefetch: of the channel, or of consumers to come; in octets: 540. BAS-24 to BAS-26. */
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) {
      throw new AmqpError('NOT_IMPLEMENTED', `prefetch_size!=0 (${prefetchSize})`);
    }
    const isShared = global && channel.vhost.compatibility.globalQos === 'channel';
    if (isShared) channel.gate.setPrefetch(prefetchCount);
    else channel.consumerPrefetch = prefetchCount;
    channel.send('basic.qos-ok', {});
  },

  'basic.consume': (channel, args) => {
    const consumerTag = newConsumerTag(channel, args.consumerTag);
    if (args.queue === DIRECT_REPLY_TO) consumeReplies(channel, consumerTag, args.noAck);
    else consumeQueue(channel, readableQueue(channel, args.queue), consumerTag, args);
    if (!args.noWait) channel.send('basic.consume-ok', { consumerTag });
  },

  /** An unknown tag is no error; what the consumer holds stays with the channel. BAS-17. */
  'basic.cancel': (channel, { consumerTag, noWait }) => {
    channel.consumers.get(consumerTag)?.unsubscribe();
    channel.consumers.delete(consumerTag);
    if (!noWait) channel.send('basic.cancel-ok', { consumerTag });
  },

  /** In answer to our cancel, which waits for none. */
  'basic.cancel-ok': () => {},

  /** Takes one message, and says how many wait behind it. BAS-19. */
  'basic.get': (channel, { queue: name, noAck }) => {
    const queue = readableQueue(channel, name);
    queue.get(channel.subscription, (delivery) => {
      countGet(channel, queue, delivery, noAck);
      if (delivery === undefined) channel.send('basic.get-empty', {});
      else sendGetOk(channel, queue, delivery, noAck);
    });
  },
};

/** The tag that the client gave, or a new one; one that is taken: 530. BAS-09. */
function newConsumerTag(channel: ServerChannel, given: string): string {
  if (channel.consumers.size >= limits.consumersPerChannelMax) {
    throw new AmqpError('NOT_ALLOWED', `reached maximum (${limits.consumersPerChannelMax}) of ` +
      'consumers per channel');
  }
  const tag = given === '' ? generatedName('amq.ctag-', channel.vhost.random) : given;
  if (channel.consumers.has(tag)) {
    throw new AmqpError('NOT_ALLOWED', `attempt to reuse consumer tag '${tag}'`);
  }
  return tag;
}

/** The queue that a method means, where the user may read it; else 403, also where it is not. */
function readableQueue(channel: ServerChannel, given: string): Queue {
  const name = queueName(channel, given);
  channel.guard.queue('read', name);
  return usableQueue(channel, name);
}

function consumeQueue(
  channel: ServerChannel, queue: Queue, consumerTag: string, args: MethodArgs<'basic.consume'>,
): void {
  const { noAck, exclusive, arguments: table } = args;
  const { priority, timeout } = parseConsumerArguments(table, queue.settings.type, queue.text);
  const deliveries$ = queue.deliveries({
    consumerTag, noAck, exclusive, priority, timeout,
    arguments: table,
    prefetch: channel.consumerPrefetch,
    gate: channel.gate,
    tallies: channel.tallies,
    owner: channel.owner,
  });
  const consumer = deliveries$.subscribe(new DeliverWriter(channel, consumerTag, noAck));
  channel.consumers.set(consumerTag, consumer);
}

/** Consumes the pseudo-queue of direct replies. BAS-06. */
function consumeReplies(channel: ServerChannel, consumerTag: string, noAck: boolean): void {
  if (!noAck) throw new AmqpError('PRECONDITION_FAILED', 'reply consumer cannot acknowledge');
  if (channel.replyTarget !== undefined) {
    throw new AmqpError('PRECONDITION_FAILED', 'reply consumer already set');
  }
  const { replyTargets, random } = channel.vhost;
  const address = generatedName(`${DIRECT_REPLY_TO}.`, random);
  const target = new ReplyTarget(channel, address, consumerTag);
  replyTargets.set(address, target);
  channel.replyTarget = target;
  channel.publisher.context.replyAddress = address;
  const consumer = new Subscription(() => {
    replyTargets.delete(address);
    channel.replyTarget = undefined;
    channel.publisher.context.replyAddress = undefined;
  });
  channel.consumers.set(consumerTag, consumer);
}

function countGet(
  channel: ServerChannel, queue: Queue, delivery: Delivery | undefined, noAck: boolean,
): void {
  for (const counters of [queue.pastCounters, channel.tallies.of(queue)]) {
    if (delivery === undefined) {
      counters.gotNothing++;
      continue;
    }
    counters.got++;
    if (noAck) counters.gotNoAck++;
    if (delivery.redelivered) counters.redelivered++;
  }
}

function sendGetOk(
  channel: ServerChannel, queue: Queue, delivery: Delivery, noAck: boolean,
): void {
  const { session, vhost, number } = channel;
  delivery.deliveryTag = channel.nextDeliveryTag();
  delivery.deliveredAt = vhost.turn.now;
  writeGetOk(
    session.writer, number, delivery.deliveryTag, delivery.redelivered, queue.readyCount,
    // From a quorum queue, get tells the count even of the first delivery.
    queue.tailOf(delivery, 0), session.frameBytesMax,
  );
  channel.connection.flushLater();
  const { firehose, events: { trace } } = vhost;
  if (firehose !== undefined) firehose.delivered(delivery, channel);
  if (trace.active) {
    trace.delivered(vhost, queue.name, delivery.address, receiverOf(channel, '', delivery, noAck));
  }
  if (noAck) queue.settle(delivery, 'ack');
  else channel.hold(delivery);
}
