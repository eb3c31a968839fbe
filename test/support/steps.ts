/** What most tests of the broker do on a channel, and how they look at what came of it. */
import { AmqpError } from '../../core/errors.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import type { FieldTable, MethodArgs } from '../../core/protocol/types.ts';
import { argumentsOf, type Received, type TestChannel } from './test-client.ts';

export type Message = Received<'basic.deliver'>;

export function declareQueue(
  channel: TestChannel, queue: string, table: FieldTable = {}, flags: Partial<MethodArgs<'queue.declare'>> = {},
): MethodArgs<'queue.declare-ok'> {
  return channel.call('queue.declare', { queue, arguments: table, ...flags });
}

export function declareExchange(
  channel: TestChannel, exchange: string, type: string, table: FieldTable = {},
  flags: Partial<MethodArgs<'exchange.declare'>> = {},
): void {
  channel.call('exchange.declare', { exchange, type, arguments: table, ...flags });
}

export function bind(
  channel: TestChannel, exchange: string, queue: string, routingKey = '', table: FieldTable = {},
): void {
  channel.call('queue.bind', { exchange, queue, routingKey, arguments: table });
}

/** Publishes each text to a queue, one chunk each. */
export function publishAll(channel: TestChannel, queue: string, bodies: Iterable<string>): void {
  for (const body of bodies) channel.publish('', queue, body);
}

/** Publishes an empty message to each of these queues, all in one chunk, with what `behind` sends. */
export function publishTogether(channel: TestChannel, queues: readonly string[], behind = (): void => {}): void {
  const { session } = channel.client;
  for (const routingKey of queues) {
    session.send(channel.number, 'basic.publish', argumentsOf('basic.publish', { routingKey }));
    writeContentHeader(session.writer, channel.number, 0, {});
  }
  behind();
  channel.client.run();
}

/** Consumes with acknowledgements; the consumer tag is the name of the queue. */
export function consume(
  channel: TestChannel, queue: string, args: Partial<MethodArgs<'basic.consume'>> = {},
): void {
  channel.call('basic.consume', { queue, consumerTag: queue, ...args });
}

export function qos(channel: TestChannel, prefetchCount: number, global = false): void {
  channel.call('basic.qos', { prefetchCount, global });
}

export function ack(channel: TestChannel, deliveryTag: number, multiple = false): void {
  channel.send('basic.ack', { deliveryTag, multiple });
}

export function nack(channel: TestChannel, deliveryTag: number, requeue = true, multiple = false): void {
  channel.send('basic.nack', { deliveryTag, requeue, multiple });
}

/** The oldest message of a queue, by basic.get; it stays unacknowledged unless `noAck`. */
export function get(channel: TestChannel, queue: string, noAck = true): Received<'basic.get-ok'> | undefined {
  channel.call('basic.get', { queue, noAck });
  const reply = channel.received.at(-1);
  return reply?.name === 'basic.get-ok' ? reply : undefined;
}

/** Empties a queue by basic.get and answers the texts. */
export function drain(channel: TestChannel, queue: string): string[] {
  const texts: string[] = [];
  for (let got = get(channel, queue); got !== undefined; got = get(channel, queue)) texts.push(got.text!);
  return texts;
}

/** Ready messages and consumers of a queue. */
export function counts(channel: TestChannel, queue: string): [messages: number, consumers: number] {
  const { messageCount, consumerCount } = channel.call('queue.declare', { queue, passive: true });
  return [messageCount, consumerCount];
}

export function only<N extends Received['name']>(channel: TestChannel, name: N): Received<N>[] {
  return channel.received.filter((each) => each.name === name) as Received<N>[];
}

export const deliveries = (channel: TestChannel): Message[] => only(channel, 'basic.deliver');

/** Texts of the messages that were delivered on a channel. */
export const texts = (channel: TestChannel): string[] => deliveries(channel).map(({ text }) => text!);

/** Names of the methods that came on a channel. */
export const names = (channel: TestChannel): string[] => channel.received.map(({ name }) => name);

/** What a call was refused with, and of which method: `404 NOT_FOUND - no queue 'q' in vhost '/' (50.10)`. */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return describeError(error);
  }
  return 'not refused';
}

export function describeError(error: unknown): string {
  if (!(error instanceof AmqpError)) throw error;
  return `${error.replyCode} ${error.replyText} (${error.classId}.${error.methodId})`;
}
