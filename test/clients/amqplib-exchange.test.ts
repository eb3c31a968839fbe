import type { Channel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { consume, describeRoutes, openChannel, openConfirmChannel, temporaryQueue, text } from './amqplib.ts';
import { ownGateway, useGateway } from './gateway.ts';
import { topicCases, uniqueName } from './samples.ts';

const gateway = useGateway();

/** An auto-delete exchange goes with the last binding, so with the exclusive queue bound to it. */
async function temporaryExchange(channel: Channel, type: string, options = {}): Promise<string> {
  const name = uniqueName(type);
  await channel.assertExchange(name, type, { autoDelete: true, durable: false, ...options });
  return name;
}

/** Everything that waits in the queue, oldest first. */
async function drain(channel: Channel, queue: string): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return texts;
    texts.push(text(message));
  }
}

describeRoutes(gateway, 'amqplib exchanges', (route) => {
  test('direct: to every queue bound with the key, once each', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'direct');
    const [red, both] = [await temporaryQueue(channel), await temporaryQueue(channel)];
    await channel.bindQueue(red, exchange, 'red');
    for (const key of ['red', 'blue', 'blue']) await channel.bindQueue(both, exchange, key);
    for (const key of ['red', 'blue', 'green']) channel.publish(exchange, key, Buffer.from(key));
    expect(await drain(channel, red)).toEqual(['red']);
    expect(await drain(channel, both)).toEqual(['red', 'blue']);
  });

  test('direct: no more after the binding is gone', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'direct', { autoDelete: false });
    const queue = await temporaryQueue(channel);
    await channel.bindQueue(queue, exchange, 'key');
    channel.publish(exchange, 'key', Buffer.from('bound'));
    await channel.unbindQueue(queue, exchange, 'key');
    channel.publish(exchange, 'key', Buffer.from('unbound'));
    expect(await drain(channel, queue)).toEqual(['bound']);
    await channel.deleteExchange(exchange);
  });

  test('fanout: to every queue, whatever the key', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'fanout');
    const queues = await Promise.all([1, 2, 3].map(() => temporaryQueue(channel)));
    for (const queue of queues) await channel.bindQueue(queue, exchange, 'ignored');
    channel.publish(exchange, 'any', Buffer.from('news'));
    for (const queue of queues) expect(await drain(channel, queue)).toEqual(['news']);
  });

  test.each(topicCases)('topic: $pattern takes $matching but not $other', async ({ pattern, matching, other }) => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'topic');
    const queue = await temporaryQueue(channel);
    await channel.bindQueue(queue, exchange, pattern);
    for (const key of [other, matching]) channel.publish(exchange, key, Buffer.from(key));
    expect(await drain(channel, queue)).toEqual([matching]);
  });

  test('headers: all, any and the values\' types', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'headers');
    const [all, any] = [await temporaryQueue(channel), await temporaryQueue(channel)];
    await channel.bindQueue(all, exchange, '', { 'x-match': 'all', format: 'pdf', pages: 3 });
    await channel.bindQueue(any, exchange, '', { 'x-match': 'any', format: 'pdf', pages: 3 });
    const publish = (name: string, headers: object): boolean =>
      channel.publish(exchange, '', Buffer.from(name), { headers });
    publish('both', { format: 'pdf', pages: 3, more: true });
    publish('one', { format: 'pdf', pages: 4 });
    publish('neither', { format: 'zip', pages: '3' });
    expect(await drain(channel, all)).toEqual(['both']);
    expect(await drain(channel, any)).toEqual(['both', 'one']);
  });

  test('headers: keys with x- count only in the -with-x matches', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'headers');
    const plain = await temporaryQueue(channel);
    await channel.bindQueue(plain, exchange, '', { 'x-match': 'all', 'x-kind': 'a', format: 'pdf' });
    channel.publish(exchange, '', Buffer.from('x- ignored'), { headers: { format: 'pdf' } });
    expect(await drain(channel, plain)).toEqual(['x- ignored']);
  });

  test('exchange to exchange: through both, until unbound', async () => {
    const channel = await openChannel(route);
    const source = await temporaryExchange(channel, 'topic', { autoDelete: false });
    const destination = await temporaryExchange(channel, 'fanout', { autoDelete: false });
    const queue = await temporaryQueue(channel);
    await channel.bindExchange(destination, source, 'logs.#');
    await channel.bindQueue(queue, destination, '');
    channel.publish(source, 'logs.app', Buffer.from('through'));
    channel.publish(source, 'metrics', Buffer.from('not'));
    await channel.unbindExchange(destination, source, 'logs.#');
    channel.publish(source, 'logs.app', Buffer.from('unbound'));
    expect(await drain(channel, queue)).toEqual(['through']);
    await channel.deleteExchange(source);
    await channel.deleteExchange(destination);
  });

  test('alternate exchange: takes what no binding takes, and counts as routed', async () => {
    const channel = await openConfirmChannel(route);
    const fallback = await temporaryExchange(channel, 'fanout');
    const exchange = await temporaryExchange(channel, 'direct', { alternateExchange: fallback });
    const [bound, rest] = [await temporaryQueue(channel), await temporaryQueue(channel)];
    await channel.bindQueue(bound, exchange, 'known');
    await channel.bindQueue(rest, fallback, '');
    const returned: unknown[] = [];
    channel.on('return', (message) => returned.push(message));
    channel.publish(exchange, 'known', Buffer.from('known'), { mandatory: true });
    channel.publish(exchange, 'unknown', Buffer.from('unknown'), { mandatory: true });
    await channel.waitForConfirms();
    expect(await drain(channel, bound)).toEqual(['known']);
    expect(await drain(channel, rest)).toEqual(['unknown']);
    expect(returned).toEqual([]);
  });

  test('CC and BCC: more routing keys, the blind ones removed', async () => {
    const channel = await openChannel(route);
    const [to, copy, blind] = await Promise.all([1, 2, 3].map(() => temporaryQueue(channel)));
    channel.sendToQueue(to!, Buffer.from('letter'), { CC: copy!, BCC: [blind!] });
    for (const queue of [to!, copy!, blind!]) {
      const message = await channel.get(queue, { noAck: true });
      expect(message && message.properties.headers).toEqual({ CC: [copy] });
    }
  });

  test('auto-delete: gone with the last binding', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'fanout');
    const queue = await temporaryQueue(channel);
    await channel.bindQueue(queue, exchange, '');
    await channel.checkExchange(exchange);
    await channel.unbindQueue(queue, exchange, '');
    channel.on('error', () => {});
    await expect(channel.checkExchange(exchange)).rejects.toThrow(`no exchange '${exchange}' in vhost '/'`);
  });

  test('internal: bound to another exchange, closed to publishers with 403', async () => {
    const channel = await openChannel(route);
    const exchange = await temporaryExchange(channel, 'fanout', { internal: true });
    await channel.bindExchange(exchange, 'amq.topic', uniqueName('key'));
    await channel.bindQueue(await temporaryQueue(channel), exchange, '');
    const failed = new Promise<Error>((resolve) => channel.on('error', resolve));
    channel.publish(exchange, '', Buffer.from('refused'));
    expect(await failed).toMatchObject({
      code: 403,
      message: expect.stringContaining(`cannot publish to internal exchange '${exchange}' in vhost '/'`),
    });
    await (await openChannel(route)).deleteExchange(exchange);
  });

  test('delete: refused with 406 while in use, then done, then no error when missing', async () => {
    const setup = await openChannel(route);
    const exchange = await temporaryExchange(setup, 'direct');
    await setup.bindQueue(await temporaryQueue(setup), exchange, 'key');
    const channel = await openChannel(route);
    channel.on('error', () => {});
    await expect(channel.deleteExchange(exchange, { ifUnused: true })).rejects.toThrow(
      `PRECONDITION_FAILED - exchange '${exchange}' in vhost '/' in use`,
    );
    await setup.deleteExchange(exchange);
    await setup.deleteExchange(exchange);
  });
});

/** RabbitMQ has these by plugins, so a broker named by TABMQ_TEST_AMQP_URL may not have them. */
describe.runIf(ownGateway)('amqplib and the exchange types of plugins', () => {
  const bodies = ['1', '2', '3', '4', '5', '6', '7', '8'];

  /** Publishes the bodies to two queues bound with the key and says what each of them got. */
  async function spread(channel: Channel, exchange: string, key: string): Promise<string[][]> {
    const queues = [await temporaryQueue(channel), await temporaryQueue(channel)];
    for (const queue of queues) await channel.bindQueue(queue, exchange, key);
    for (const body of bodies) channel.publish(exchange, body, Buffer.from(body));
    return [await drain(channel, queues[0]!), await drain(channel, queues[1]!)];
  }

  test.each(['x-consistent-hash', 'x-random', 'x-modulus-hash'])('%s: each message to one queue', async (type) => {
    const channel = await openChannel(gateway);
    const received = await spread(channel, await temporaryExchange(channel, type), '1');
    expect(received.flat().sort()).toEqual(bodies);
  });

  test('x-consistent-hash: the same key to the same queue', async () => {
    const channel = await openChannel(gateway);
    const exchange = await temporaryExchange(channel, 'x-consistent-hash');
    const queues = [await temporaryQueue(channel), await temporaryQueue(channel)];
    for (const queue of queues) await channel.bindQueue(queue, exchange, '10');
    for (const body of bodies) channel.publish(exchange, 'customer 17', Buffer.from(body));
    const received = [await drain(channel, queues[0]!), await drain(channel, queues[1]!)];
    expect(received.sort((one, other) => one.length - other.length)).toEqual([[], bodies]);
  });

  test('x-recent-history: the last messages to a new queue', async () => {
    const channel = await openChannel(gateway);
    const exchange = await temporaryExchange(channel, 'x-recent-history', {
      arguments: { 'x-recent-history-length': 2 },
    });
    for (const body of bodies) channel.publish(exchange, '', Buffer.from(body));
    const queue = await temporaryQueue(channel);
    await channel.bindQueue(queue, exchange, '');
    expect((await drain(channel, queue)).sort()).toEqual(['7', '8']);
  });

  test('x-delayed-message: after its delay, and at once without one', async () => {
    const channel = await openChannel(gateway);
    const exchange = await temporaryExchange(channel, 'x-delayed-message', {
      arguments: { 'x-delayed-type': 'direct' },
    });
    const queue = await temporaryQueue(channel);
    await channel.bindQueue(queue, exchange, 'key');
    const inbox = await consume(channel, queue, { noAck: true });
    channel.publish(exchange, 'key', Buffer.from('later'), { headers: { 'x-delay': 100 } });
    channel.publish(exchange, 'key', Buffer.from('now'));
    expect((await inbox.takeMany(2)).map(text)).toEqual(['now', 'later']);
  });
});
