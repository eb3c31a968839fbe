/** What a client can say, short enough for a case to be read as a sentence. */
import type { Fields } from '../methods.ts';
import type { Case } from '../session.ts';
import type { Table } from '../values.ts';
import type { Outgoing, WireOptions } from '../wire.ts';

export const method = (name: string, fields: Fields = {}, channel = 1): Outgoing => ({
  channel, method: name, fields,
});

/** The same on another channel. */
export const on = (channel: number, item: Outgoing): Outgoing => ({ ...item, channel });

export const declareQueue = (queue: string, options: Fields = {}, args: Table = {}): Outgoing =>
  method('queue.declare', { queue, ...options, arguments: args });

/** The usual queue of a case: it goes with the connection. */
export const exclusiveQueue = (queue: string, args: Table = {}): Outgoing =>
  declareQueue(queue, { exclusive: true }, args);

export const quorumQueue = (queue: string, args: Table = {}, options: Fields = {}): Outgoing =>
  declareQueue(queue, { durable: true, ...options }, { 'x-queue-type': 'quorum', ...args });

/**
 * The answer tells the ready messages and the consumers. RabbitMQ answers it ahead of publishes that are still
 * on their way to the queue, so a count is of use only after a `get`, which waits for them.
 */
export const passive = (queue: string): Outgoing => declareQueue(queue, { passive: true });

export const deleteQueue = (queue: string, options: Fields = {}): Outgoing =>
  method('queue.delete', { queue, ...options });

export const purge = (queue: string): Outgoing => method('queue.purge', { queue });

export const bind = (queue: string, exchange: string, key = '', args: Table = {}): Outgoing =>
  method('queue.bind', { queue, exchange, 'routing-key': key, arguments: args });

export const unbind = (queue: string, exchange: string, key = '', args: Table = {}): Outgoing =>
  method('queue.unbind', { queue, exchange, 'routing-key': key, arguments: args });

export const declareExchange = (
  exchange: string, type = 'direct', options: Fields = {}, args: Table = {},
): Outgoing => method('exchange.declare', { exchange, type, ...options, arguments: args });

export const deleteExchange = (exchange: string, options: Fields = {}): Outgoing =>
  method('exchange.delete', { exchange, ...options });

export const bindExchange = (destination: string, source: string, key = '', args: Table = {}): Outgoing =>
  method('exchange.bind', { destination, source, 'routing-key': key, arguments: args });

export const unbindExchange = (destination: string, source: string, key = '', args: Table = {}): Outgoing =>
  method('exchange.unbind', { destination, source, 'routing-key': key, arguments: args });

export const publish = (
  exchange: string, key: string, body: string | Buffer = 'x', properties: Fields = {}, flags: Fields = {},
): Outgoing => ({ ...method('basic.publish', { exchange, 'routing-key': key, ...flags }), body, properties });

export const mandatory = { mandatory: true };
export const immediate = { immediate: true };

export const consume = (queue: string, tag = '', options: Fields = {}, args: Table = {}): Outgoing =>
  method('basic.consume', { queue, 'consumer-tag': tag, ...options, arguments: args });

export const noAck = { 'no-ack': true };

export const cancel = (tag: string): Outgoing => method('basic.cancel', { 'consumer-tag': tag });
export const get = (queue: string, options: Fields = {}): Outgoing => method('basic.get', { queue, ...options });
export const take = (queue: string): Outgoing => get(queue, noAck);

/** Takes messages until the queue is empty. */
export const drain = (queue: string): Outgoing => ({ ...take(queue), repeatUntil: 'basic.get-empty' });

/** Waits for so many deliveries in all. */
export const delivered = (count: number): Outgoing => ({ channel: 1, awaits: ['basic.deliver', count] });

export const ack = (tag: number, multiple = false): Outgoing =>
  method('basic.ack', { 'delivery-tag': tag, multiple });

export const nack = (tag: number, options: Fields = {}): Outgoing =>
  method('basic.nack', { 'delivery-tag': tag, ...options });

export const requeue = { requeue: true };

export const reject = (tag: number, options: Fields = {}): Outgoing =>
  method('basic.reject', { 'delivery-tag': tag, ...options });

export const qos = (count: number, options: Fields = {}): Outgoing =>
  method('basic.qos', { 'prefetch-count': count, ...options });

export const confirmSelect = method('confirm.select');
export const txSelect = method('tx.select');
export const txCommit = method('tx.commit');
export const txRollback = method('tx.rollback');
export const openChannel = (channel: number): Outgoing => method('channel.open', {}, channel);

/** A case on one connection: each item after the answer to the one before, then nothing more may come. */
export const steps = (row: string, name: string, ...items: readonly Outgoing[]): Case => ({
  name,
  row,
  async run(session) {
    const wire = await session.connect();
    await wire.steps(...items);
    await wire.settle();
  },
});

/** A case whose items leave in one write; for wrong octets, where a client waits for nothing. */
export const pipelined = (row: string, name: string, ...items: readonly Outgoing[]): Case => ({
  name,
  row,
  async run(session) {
    const wire = await session.connect();
    wire.send(...items);
    await wire.settle(items.at(-1)?.channel || 1);
  },
});

/** As `steps`, where publishes are confirmed at the end. */
export const confirming = (row: string, name: string, ...items: readonly Outgoing[]): Case => ({
  name,
  row,
  async run(session) {
    const wire = await session.connect();
    for (const item of items) {
      await wire.steps(item);
      await wire.confirmed();
    }
    await wire.settle();
  },
});

/** A case of the handshake: the first answer after it, be it a method or the end of the connection. */
export const handshake = (row: string, name: string, options: WireOptions): Case => ({
  name,
  row,
  async run(session) {
    const wire = await session.connect(options);
    await wire.outcome();
  },
});
