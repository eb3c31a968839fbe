import type { FieldTable } from '../protocol/types.ts';
import { ModelChannel, type ModelConsumer, type Outcome, type Taken } from './model-channel.ts';
import { Copy, type ModelMessage } from './model-copy.ts';
import type { ModelQueue } from './model-queue.ts';
import type { ModelConnection } from './model-connection.ts';
import type { Model } from './model.ts';
import { routeOf } from './model-routes.ts';
import { STREAM, StreamReader } from './model-stream.ts';
import { DELAYED } from './plan.ts';
import type { WireMethod } from './strict-decoder.ts';
import { check } from './violation.ts';

type Handler = (model: Model, channel: ModelChannel, method: WireMethod) => void;

/** What follows from a method that the broker hears. */
export function heard(model: Model, connection: ModelConnection, method: WireMethod): void {
  const { channel: number, name } = method;
  if (name === 'connection.close') {
    model.endConnection(connection);
    return;
  }
  if (connection.deaf.has(number)) {
    if (name === 'channel.close-ok') connection.deaf.delete(number);
    return;
  }
  if (name === 'channel.open' && !connection.channels.has(number)) {
    connection.channels.set(number, new ModelChannel(connection.id, number));
    return;
  }
  const channel = connection.channels.get(number);
  if (channel === undefined || channel.ending) return;
  handlers[name]?.(model, channel, method);
}

const handlers: Partial<Record<WireMethod['name'], Handler>> = {
  'channel.close'(_model, channel) {
    channel.end();
  },

  'queue.declare'(model, channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    if (queue === undefined) return;
    if (args['passive'] !== true) model.management.followed(queue);
    else channel.asks.push(model.management.ask('inspect', queue, channel));
  },

  'queue.purge'(model, channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    if (queue !== undefined) channel.asks.push(model.management.ask('purge', queue, channel));
  },

  'queue.bind'(model, _channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    if (queue !== undefined) model.management.followed(queue);
  },

  'queue.unbind'(model, channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    if (queue !== undefined) model.management.ask('rebind', queue, channel);
  },

  'queue.delete'(model, channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    if (queue === undefined) return;
    const [ifUnused, ifEmpty] = [args['ifUnused'] === true, args['ifEmpty'] === true];
    channel.asks.push(model.management.ask('replace', queue, channel, { ifUnused, ifEmpty }));
  },

  'confirm.select'(_model, channel) {
    if (channel.transaction === undefined) channel.confirms = true;
  },

  'tx.select'(_model, channel) {
    if (!channel.confirms) channel.transaction ??= { publishes: [], settlements: [] };
  },

  /** TX-04: publishes, then settlements. */
  'tx.commit'(model, channel) {
    const { transaction } = channel;
    if (transaction === undefined) return;
    channel.transaction = { publishes: [], settlements: [] };
    channel.committing = [];
    for (const publish of transaction.publishes) publish();
    for (const { taken, outcome } of transaction.settlements) {
      settle(model, channel, taken, outcome);
    }
    channel.commits.push(channel.committing);
    channel.committing = undefined;
  },

  'tx.rollback'(_model, channel) {
    if (channel.transaction !== undefined) channel.rollBack();
  },

  'basic.qos'(_model, channel, { args }) {
    if (args['global'] !== true) channel.consumerPrefetch = args['prefetchCount'] as number;
  },

  'basic.consume'(model, channel, { args }) {
    const table = args['arguments'] as Record<string, unknown>;
    const reads = args['queue'] === STREAM;
    const consumer: ModelConsumer = {
      reader: reads ? model.stream?.open(table['x-stream-offset']) : undefined,
      queue: model.queues.get(args['queue'] as string),
      noAck: args['noAck'] as boolean,
      prefetch: channel.consumerPrefetch,
      priority: (table['x-priority'] as number | undefined) ?? 0,
    };
    channel.consumers.set(args['consumerTag'] as string, consumer);
    consumer.queue?.addConsumer(consumer);
  },

  'basic.cancel'(_model, channel, { args }) {
    const consumer = channel.consumers.get(args['consumerTag'] as string);
    if (consumer !== undefined) consumer.queue?.removeConsumer(consumer);
  },

  'basic.get'(model, channel, { args }) {
    const queue = model.queues.get(args['queue'] as string);
    channel.gets.push({ queue, noAck: args['noAck'] as boolean });
  },

  'basic.publish'(model, channel, method) {
    const message = messageOf(method);
    const known = model.messages.get(message.id);
    check(known === undefined || message.id === 'to nowhere', 'simulator',
      () => `${message.id} is published twice`);
    model.messages.set(message.id, message);
    const targets = targetsOf(model, message);
    const publish = (): void => publishNow(model, channel, message, method, targets);
    if (channel.transaction === undefined) publish();
    else channel.transaction.publishes.push(publish);
  },

  'basic.ack': (model, channel, { args }) =>
    take(model, channel, args, 'ack', args['multiple'] as boolean),

  'basic.nack': (model, channel, { args }) =>
    take(model, channel, args, args['requeue'] === true ? 'requeue' : 'reject',
      args['multiple'] as boolean),

  'basic.reject': (model, channel, { args }) =>
    take(model, channel, args, args['requeue'] === true ? 'requeue' : 'reject', false),

  'basic.recover'(model, channel, { args }) {
    if (args['requeue'] === true) settle(model, channel, channel.take(0, true), 'requeue');
  },
};

function messageOf({ args, properties = {}, body = new Uint8Array(0) }: WireMethod): ModelMessage {
  const { messageId, deliveryMode, priority = 0, expiration } = properties;
  const headers = (properties['headers'] ?? {}) as FieldTable;
  const exchange = args['exchange'] as string;
  // What is held back goes on when its time has come, as what expires does.
  const delay = Number(headers['x-delay']) > 0 ? headers['x-delay'] : undefined;
  const time = exchange === DELAYED ? delay : expiration;
  return {
    id: messageId as string,
    exchange,
    headers,
    routingKey: args['routingKey'] as string,
    body,
    persistent: deliveryMode === 2,
    priority: priority as number,
    expiration: time === undefined ? Infinity : Number(time),
    fate: 'unconfirmed',
    turnedAway: 'no',
  };
}

/** Where a message goes. Its route is found when it is heard, in a transaction too. TX-02. */
interface Target {
  /** Undefined: the stream. */
  readonly queue: ModelQueue | undefined;
  /** Which one of its name it was. */
  readonly number: number | undefined;
  /** The route may not lead there: the queue is being declared and bound anew. */
  readonly doubtful: boolean;
}

/** Nothing goes to a queue that is away. */
function targetsOf({ plan, queues, management }: Model, message: ModelMessage): Target[] {
  return routeOf(plan, message).map((name): Target => {
    const queue = queues.get(name);
    const doubtful = queue !== undefined && management.unsteady === queue;
    return { queue, number: queue?.number, doubtful };
  }).filter(({ number, doubtful }) => !doubtful || number !== undefined);
}

function publishNow(
  model: Model, channel: ModelChannel, message: ModelMessage, { args }: WireMethod,
  targets: readonly Target[],
): void {
  const group = channel.committing;
  if (channel.confirms) channel.unconfirmed.set(++channel.published, message);
  group?.push(message);
  for (const { queue, number, doubtful } of targets) {
    if (queue === undefined) {
      model.stream!.append(message, group, model.wall);
    } else if (queue.number === number) {
      const copy = model.enqueue(queue, message, group && { group });
      copy.doubtful ||= doubtful;
      channel.moved.push(copy);
    }
  }
  // A queue that comes and goes may have taken it, so that it need not come back.
  if (args['mandatory'] === true && targets.length === 0 && message.exchange === '') {
    channel.returns.push(message.id);
  }
}

function take(
  model: Model, channel: ModelChannel, args: WireMethod['args'], outcome: Outcome,
  multiple: boolean,
): void {
  const taken = channel.take(args['deliveryTag'] as number, multiple);
  if (channel.transaction === undefined) settle(model, channel, taken, outcome);
  else channel.transaction.settlements.push({ taken, outcome });
}

function settle(
  model: Model, channel: ModelChannel, taken: readonly Taken[], outcome: Outcome,
): void {
  for (const { copy } of taken) {
    if (copy instanceof StreamReader) copy.out--;
    if (!(copy instanceof Copy)) continue;
    channel.moved.push(copy);
    if (outcome === 'requeue') {
      model.giveBack(copy);
    } else if (outcome === 'reject') {
      const dead = model.die(copy);
      if (dead !== undefined) channel.moved.push(dead);
    } else {
      model.remove(copy);
    }
  }
}
