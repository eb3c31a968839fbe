import { AmqpError } from '../../../errors.ts';
import { DIRECT_REPLY_TO } from '../../../protocol/spec.ts';
import type { MethodArgs } from '../../../protocol/types.ts';
import { stripNewlines } from '../../names.ts';
import { permitBinding, permitQueueDeclare } from '../../permitted.ts';
import type { Queue } from '../../queue/abstract-queue.ts';
import type { ChannelMethods, ServerChannel } from '../server-channel.ts';
import { lockedQueue } from '../../queue/locked-queue.ts';

/** Methods of the class queue. */
export const queueMethods: ChannelMethods<
  'queue.declare' | 'queue.bind' | 'queue.unbind' | 'queue.purge' | 'queue.delete'
> = {
  'queue.declare': (channel, args) => {
    const name = stripNewlines(args.queue);
    if (name.startsWith(DIRECT_REPLY_TO)) {
      declareReplyQueue(channel, name, args.noWait);
      return;
    }
    // An empty name stands for no other here. QUE-04.
    const queue = args.passive
      ? checkUsable(channel, channel.vhost.queue(name))
      : declare(channel, name, args);
    queue.used();
    channel.lastQueue = queue.name;
    channel.connection.own(queue);
    if (args.noWait) return;
    channel.answer('queue.declare-ok', {
      queue: queue.name,
      messageCount: queue.readyCount,
      consumerCount: queue.consumers.count,
    });
  },

  /** Binds a queue to an exchange; the same binding twice is one. QUE-08. */
  'queue.bind': (channel, { exchange, noWait, arguments: table, ...args }) => {
    // An empty key beside an empty queue stands for that queue's name too. QUE-03.
    const implied = args.queue === '' && args.routingKey === '';
    const name = queueName(channel, args.queue);
    const routingKey = implied ? name : args.routingKey;
    permit(channel, name, exchange, routingKey);
    const queue = usableQueue(channel, name);
    const source = channel.vhost.exchange(stripNewlines(exchange));
    channel.vhost.bind(source, queue, routingKey, table);
    if (!noWait) channel.answer('queue.bind-ok', {});
  },

  /** Nothing that is missing is an error. QUE-09. */
  'queue.unbind': (channel, { exchange, arguments: table, ...args }) => {
    const name = queueName(channel, args.queue);
    const implied = args.queue === '' && args.routingKey === '';
    const routingKey = implied ? name : args.routingKey;
    permit(channel, name, exchange, routingKey);
    const source = channel.vhost.exchanges.get(stripNewlines(exchange));
    const queue = channel.vhost.queues.get(name);
    if (queue !== undefined && source !== undefined) {
      const binding = { destination: queue, routingKey, arguments: table };
      if (source.find(binding) !== undefined) checkUsable(channel, queue);
      channel.vhost.unbind(source, binding);
    }
    channel.answer('queue.unbind-ok', {});
  },

  /** Drops what waits in a queue, and leaves what is out. QUE-10. */
  'queue.purge': (channel, { queue, noWait }) => {
    const name = queueName(channel, queue);
    channel.guard.queue('read', name);
    const purged = usableQueue(channel, name);
    const messageCount = purged.readyCount;
    channel.afterWork((done) => void purged.purge(done), () => {
      if (!noWait) channel.send('queue.purge-ok', { messageCount });
    });
  },

  /** A missing queue is no error. QUE-11. */
  'queue.delete': (channel, { queue: given, ifUnused, ifEmpty, noWait }) => {
    const name = queueName(channel, given);
    channel.guard.queue('configure', name);
    const queue = channel.vhost.queues.get(name);
    const messageCount = queue?.readyCount ?? 0;
    if (queue !== undefined) {
      checkUsable(channel, queue);
      queue.checkDeletable(ifUnused, ifEmpty);
    }
    channel.afterWork((done) => {
      if (queue === undefined) done();
      else channel.vhost.removeQueue(queue, done);
    }, () => {
      if (!noWait) channel.answer('queue.delete-ok', { messageCount });
    });
  },
};

function declare(
  channel: ServerChannel, queue: string, args: MethodArgs<'queue.declare'>,
): Queue {
  const { vhost, guard, connection } = channel;
  // Whoever has to ask whether it is allowed asks twice: for one name.
  const serverName = queue === '' ? channel.nextQueueName ?? vhost.newQueueName() : queue;
  if (queue === '') channel.nextQueueName = serverName;
  permitQueueDeclare(guard, vhost, serverName, args.arguments);
  channel.nextQueueName = undefined;
  return vhost.declareQueue({ ...args, queue, serverName }, connection);
}

/** To bind or unbind a queue. */
function permit(channel: ServerChannel, name: string, exchange: string, routingKey: string): void {
  const { vhost, guard } = channel;
  permitBinding(guard, vhost, { kind: 'queue', name }, stripNewlines(exchange), routingKey);
}

/** The name that a method means; empty: the queue declared last on this channel. QUE-03. */
export function queueName(channel: ServerChannel, given: string): string {
  const name = given === '' ? channel.lastQueue : stripNewlines(given);
  if (name === '') throw new AmqpError('NOT_FOUND', 'no previously declared queue');
  return name;
}

/** The queue that a method means; 404 where there is none, 405 where it is another's. */
export function usableQueue(channel: ServerChannel, given: string): Queue {
  return checkUsable(channel, channel.vhost.queue(queueName(channel, given)));
}

/** The queue, unless another connection has it for itself: 405. QUE-06. */
function checkUsable(channel: ServerChannel, queue: Queue): Queue {
  const { owner } = queue.options;
  if (owner !== undefined && owner !== channel.connection) throw lockedQueue(queue);
  return queue;
}

/** The pseudo-queue of direct replies exists while somebody listens behind it. BAS-06. */
function declareReplyQueue(channel: ServerChannel, queue: string, noWait: boolean): void {
  if (queue !== DIRECT_REPLY_TO && !channel.vhost.replyTargets.has(queue)) {
    channel.vhost.queue(queue);
  }
  if (!noWait) channel.send('queue.declare-ok', { queue, messageCount: 0, consumerCount: 1 });
}
