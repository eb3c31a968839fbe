import type { ModelChannel, ModelConsumer } from './model-channel.ts';
import type { Copy } from './model-copy.ts';
import type { ModelQueue } from './model-queue.ts';
import type { ModelConnection } from './model-connection.ts';
import type { Model } from './model.ts';
import type { WireMethod } from './strict-decoder.ts';
import { check, Violation } from './violation.ts';

type Handler = (model: Model, channel: ModelChannel, method: WireMethod) => void;

/** Judges what the broker said. */
export function said(model: Model, connection: ModelConnection, method: WireMethod): void {
  const channel = connection.channels.get(method.channel);
  if (channel !== undefined) handlers[method.name]?.(model, channel, method);
}

const handlers: Partial<Record<WireMethod['name'], Handler>> = {
  'basic.ack': (model, channel, method) => answer(model, channel, method, 'confirmed'),
  'basic.nack': (model, channel, method) => answer(model, channel, method, 'refused'),

  'tx.commit-ok'(_model, channel) {
    const committed = channel.commits.shift();
    check(committed !== undefined, 'confirm', () => 'tx.commit-ok that nobody asked for');
    for (const message of committed) message.fate = 'confirmed';
  },

  'queue.declare-ok': (model, channel, { args }) => model.management.answer(
    channel.asks.shift(), args['messageCount'] as number, args['consumerCount'] as number,
  ),

  'queue.purge-ok': (model, channel, { args }) =>
    model.management.answer(channel.asks.shift(), args['messageCount'] as number),

  'queue.delete-ok': (model, channel, { args }) =>
    model.management.answer(channel.asks.shift(), args['messageCount'] as number),

  'basic.return'(_model, channel, { properties }) {
    const id = properties?.['messageId'] as string;
    if (channel.returns[0] === id) channel.returns.shift();
  },

  'basic.get-empty'(model, channel) {
    const get = channel.gets.shift();
    check(get !== undefined, 'reply', () => 'basic.get-empty that nobody asked for');
    if (get.queue !== undefined) model.emptied.push(get.queue);
  },

  'basic.get-ok'(model, channel, method) {
    const get = channel.gets.shift();
    check(get !== undefined, 'reply', () => 'basic.get-ok that nobody asked for');
    deliver(model, channel, method, get, undefined);
  },

  'basic.deliver'(model, channel, method) {
    const consumerTag = method.args['consumerTag'] as string;
    const consumer = channel.consumers.get(consumerTag);
    check(consumer !== undefined, 'reply', () => `a delivery for ${consumerTag}, who is unknown`);
    deliver(model, channel, method, consumer, consumerTag);
    const { queue } = consumer;
    check(queue?.serves(consumer) !== false, 'single active consumer',
      () => `${consumerTag} is served by ${queue!.name} while another one is active`);
    if (consumer.noAck || consumer.prefetch === 0 || channel.ending) return;
    const count = consumer.reader?.out ?? channel.unackedOf(consumerTag);
    check(count <= consumer.prefetch, 'prefetch',
      () => `${consumerTag} has ${count} unacknowledged, and ${consumer.prefetch} at most`);
  },
};

/** A confirm is for publishes that came, and for each once. CNF-02. */
function answer(
  model: Model, channel: ModelChannel, { args }: WireMethod, fate: 'confirmed' | 'refused',
): void {
  const last = args['deliveryTag'] as number;
  check(last <= channel.published, 'confirm', () => `number ${last} was not published yet`);
  const numbers = [...channel.unconfirmed.keys()].filter((number) =>
    args['multiple'] === true ? number <= last : number === last);
  check(numbers.length > 0, 'confirm', () => `number ${last} is confirmed twice`);
  for (const number of numbers) {
    const message = channel.unconfirmed.get(number)!;
    channel.unconfirmed.delete(number);
    message.fate = fate;
    if (fate === 'refused') model.refused.push(message);
    check(fate === 'refused' || message.turnedAway !== 'yes', 'confirm',
      () => `${message.id} was confirmed, and a queue did not take it`);
  }
}

function deliver(
  model: Model, channel: ModelChannel, { args, properties, body }: WireMethod,
  { queue, noAck, reader }: Pick<ModelConsumer, 'queue' | 'noAck' | 'reader'>,
  consumerTag: string | undefined,
): void {
  const tag = args['deliveryTag'] as number;
  check(tag === channel.lastTag + 1, 'tags', () => `delivery tag ${tag} behind ${channel.lastTag}`);
  channel.lastTag = tag;
  const id = properties?.['messageId'] as string;
  checkContent(model, id, body!);
  const headers = properties?.['headers'] as Record<string, unknown> | undefined;
  reader?.take(Number(headers?.['x-stream-offset']), id);
  if (queue === undefined) {
    if (reader !== undefined) reader.out++;
    if (!noAck) channel.out.set(tag, reader ?? 'other');
    return;
  }
  const copy = takeOut(model, queue, id, args['redelivered'] as boolean);
  checkCount(copy, headers);
  queue.leave(copy, channel.ending ? undefined : channel.connection, model.turn);
  if (noAck) {
    model.remove(copy);
    return;
  }
  copy.state = 'out';
  copy.holder = channel;
  copy.consumerTag = consumerTag;
  channel.out.set(tag, copy);
}

function checkContent(model: Model, id: string, body: Uint8Array): void {
  const message = model.messages.get(id);
  if (message === undefined) throw new Violation('invented', `${id} was never published`);
  const same = body.length === message.body.length &&
    body.every((octet, index) => octet === message.body[index]);
  check(same, 'content', () => `the body of ${id} is another one`);
}

/** The count that a delivery tells must be how often the message came back. QUE-30. */
function checkCount(
  { name, queue, returns, countUnknown }: Copy, headers: Record<string, unknown> = {},
): void {
  if (!queue.quorum || countUnknown) return;
  const count = Number(headers['x-delivery-count'] ?? 0);
  check(count === returns, 'delivery count',
    () => `${name} came back ${returns} times, and is delivered with ${count}`);
}

/** The copy that is delivered, which must be there to be delivered. */
function takeOut(model: Model, queue: ModelQueue, id: string, redelivered: boolean): Copy {
  const copy = queue.find(id) ?? model.findUnseenDeath(queue, id);
  if (copy === undefined) {
    throw new Violation('invented', `${id} comes from ${queue.name}: it is ${queue.stateOf(id)}`);
  }
  // Whoever had it ended in this turn, of which not everything was judged yet.
  if (copy.state === 'out' && copy.holder?.ending === true) model.giveBack(copy);
  check(copy.state === 'ready', 'duplicate', () => `${copy.name} is delivered while it is out`);
  if (copy.doubtful) {
    copy.redelivered = redelivered;
    copy.countUnknown = true;
  }
  copy.doubtful = false;
  check(copy.redelivered === redelivered, 'redelivered',
    () => `${copy.name} is delivered with redelivered=${redelivered}`);
  check(copy.deadline >= model.now, 'expired', () => `${copy.name} is delivered too late`);
  return copy;
}
