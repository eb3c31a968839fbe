import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import amqplib from 'amqplib';
import { WebSocket } from 'ws';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { within } from '../clients/waiting.ts';
import { confirmChannel, connect, failureOf, ownBroker } from './own-broker.ts';

const persistent = { persistent: true };

describe('dropping connections', () => {
  test('resets one of them at once, and its unsettled messages are back', async () => {
    const broker = await ownBroker();
    const victim = await connect(broker, 'victim');
    const witness = await connect(broker, 'witness');
    await victim.channel.assertQueue('tasks');
    await victim.channel.consume('tasks', () => {});
    victim.channel.sendToQueue('tasks', Buffer.from('a'));
    await broker.settled();
    expect(broker.queue('tasks').unackedCount).toBe(1);
    broker.faults.drop({ connection: 'victim' });
    expect(broker.queue('tasks').peek()).toMatchObject([{ text: 'a', redelivered: true, deliveryCount: 1 }]);
    expect((await within('the reset', victim.ended)).message).toMatch(/ECONNRESET|EPIPE/);
    await witness.channel.checkQueue('tasks');
  });

  test('closes all of them with 320', async () => {
    const broker = await ownBroker();
    const clients = [await connect(broker), await connect(broker)];
    broker.faults.drop({ kind: 'close' });
    const errors = await within('the ends', Promise.all(clients.map(({ ended }) => ended)));
    for (const { message } of errors) expect(message).toContain('320 (CONNECTION-FORCED)');
    for (const { message } of errors) expect(message).toContain('closed by the test');
  });

  test('says so where there is none to drop', async () => {
    const broker = await ownBroker();
    await connect(broker, 'somebody');
    const { message } = await failureOf((async () => broker.faults.drop({ connection: 'nobody' }))());
    expect(message).toContain("there is no connection 'nobody' to drop");
    expect(message).toContain("connection.opened connection-1 'somebody'");
  });

  test('waits for so many frames of the client, to the frame', async () => {
    const broker = await ownBroker({ topology: (vhost) => void vhost.declareQueue({ queue: 'tasks' }) });
    const { channel, ended } = await connect(broker);
    // A message is three frames, so that the fourth is cut in its middle.
    broker.faults.drop({ afterFrames: 3 * 3 + 2 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) channel.sendToQueue('tasks', Buffer.from(text));
    await within('the reset', ended);
    expect(broker.queue('tasks').peek().map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expect(broker.faults.active).toEqual([]);
    // Only one connection was to go.
    await (await connect(broker)).channel.checkQueue('tasks');
  });

  test('waits for so many frames to the client', async () => {
    const broker = await ownBroker({
      topology(vhost) {
        vhost.declareQueue({ queue: 'tasks' });
        for (const body of ['a', 'b', 'c']) vhost.exchange('').publish({ routingKey: 'tasks', body });
      },
    });
    const { channel, ended } = await connect(broker);
    // The answer to consume, then two messages.
    broker.faults.drop({ afterFrames: 1 + 2 * 3, direction: 'out', kind: 'close' });
    const got: string[] = [];
    await channel.consume('tasks', (message) => message && got.push(message.content.toString()));
    expect((await within('the close', ended)).message).toContain('CONNECTION-FORCED');
    expect(got).toEqual(['a', 'b']);
    expect(broker.queue('tasks').messageCount).toBe(3);
  });

  test.each([
    ['reset', 'not cleanly closed (1006)'], ['close', 'CONNECTION_FORCED'],
  ] as const)('is the same over WebSocket: %s', async (kind, told) => {
    Object.assign(globalThis, { WebSocket });
    const broker = await ownBroker({ topology: (vhost) => void vhost.declareQueue({ queue: 'tasks' }) });
    const client = new AMQPWebSocketClient({ url: broker.webSocketUrl, username: 'guest', password: 'guest' });
    const connection = await client.connect();
    const ended = new Promise<Error>((resolve) => {
      connection.onerror = resolve;
    });
    const channel = await connection.channel();
    broker.faults.drop({ kind, afterFrames: 3 * 2 });
    for (const text of ['a', 'b', 'c']) channel.basicPublish('', 'tasks', text).catch(() => {});
    expect((await within('the end', ended)).message).toContain(told);
    expect(broker.queue('tasks').peek().map(({ text }) => text)).toEqual(['a', 'b']);
  });

  test('can be taken back before it happens', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker);
    const fault = broker.faults.drop({ afterFrames: 2 });
    expect(broker.faults.active.map(({ description }) => description)).toEqual(['reset after 2 frames in']);
    fault.end();
    fault.end();
    for (const queue of ['a', 'b', 'c']) await channel.assertQueue(queue);
    expect(broker.faults.active).toEqual([]);
  });
});

describe('confirms', () => {
  test('are delayed by the clock of the broker', async () => {
    const broker = await ownBroker({ clock: 'virtual', topology: (vhost) => void vhost.declareQueue({ queue: 'q' }) });
    const channel = await confirmChannel(broker);
    broker.faults.delayConfirms('30s');
    let confirmed = false;
    channel.sendToQueue('q', Buffer.from('x'), {}, () => {
      confirmed = true;
    });
    await broker.advance('29s');
    expect([broker.queue('q').messageCount, confirmed]).toEqual([1, false]);
    await broker.advance('1s');
    expect(confirmed).toBe(true);
  });

  test('are withheld until that ends', async () => {
    const broker = await ownBroker();
    const channel = await confirmChannel(broker);
    const other = await connect(broker, 'other');
    await channel.assertQueue('q');
    const fault = broker.faults.withholdConfirms();
    const confirmed: number[] = [];
    for (const n of [1, 2, 3]) channel.sendToQueue('q', Buffer.from(`${n}`), {}, () => confirmed.push(n));
    await broker.queue('q').untilMessages(3);
    await broker.settled();
    expect(confirmed).toEqual([]);
    fault.end();
    await within('the confirms', channel.waitForConfirms());
    expect(confirmed).toEqual([1, 2, 3]);
    await other.channel.checkQueue('q');
  });

  test('of those whose connection has gone are owed to nobody', async () => {
    const broker = await ownBroker();
    const channel = await confirmChannel(broker);
    await channel.assertQueue('q');
    const fault = broker.faults.withholdConfirms();
    const outcome = new Promise<Error | null>((resolve) => {
      channel.sendToQueue('q', Buffer.from('x'), {}, (error) => resolve(error as Error | null));
    });
    await broker.queue('q').untilMessages(1);
    broker.faults.drop();
    expect((await within('the failure', outcome))?.message).toContain('closed');
    fault.end();
    await (await connect(broker)).channel.checkQueue('q');
  });

  test('are held for one connection and not for another', async () => {
    const broker = await ownBroker();
    const held = await amqplib.connect(broker.url, { clientProperties: { connection_name: 'held' } });
    const slow = await held.createConfirmChannel();
    const quick = await confirmChannel(broker);
    await quick.assertQueue('q');
    const fault = broker.faults.withholdConfirms({ connection: 'held' });
    let confirmed = false;
    slow.sendToQueue('q', Buffer.from('x'), {}, () => {
      confirmed = true;
    });
    quick.sendToQueue('q', Buffer.from('y'));
    await within('the confirm of the other', quick.waitForConfirms());
    await broker.queue('q').untilMessages(2);
    expect(confirmed).toBe(false);
    fault.end();
    await within('its own', slow.waitForConfirms());
  });
});

describe('publishers', () => {
  test('are blocked and unblocked, and told so', async () => {
    const broker = await ownBroker();
    const { connection, channel } = await connect(broker);
    await channel.assertQueue('q');
    const told: string[] = [];
    connection.on('blocked', (reason: string) => told.push(`blocked: ${reason}`));
    connection.on('unblocked', () => told.push('unblocked'));
    const [first, second] = [broker.faults.blockPublishers(), broker.faults.blockPublishers()];
    // As with RabbitMQ, the first message shows who publishes, and is taken.
    channel.sendToQueue('q', Buffer.from('first'));
    await broker.queue('q').untilMessages(1);
    channel.sendToQueue('q', Buffer.from('second'));
    await broker.settled();
    expect(told).toEqual(['blocked: low on memory']);
    expect(broker.queue('q').messageCount).toBe(1);
    first.end();
    await broker.settled();
    expect(broker.queue('q').messageCount).toBe(1);
    second.end();
    await broker.queue('q').untilMessages(2);
    expect(told).toEqual(['blocked: low on memory', 'unblocked']);
  });

  test('are not read from while the test does not want it', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker, 'mute');
    await channel.assertQueue('q');
    const fault = broker.faults.stopReading({ connection: 'mute' });
    channel.sendToQueue('q', Buffer.from('x'));
    await broker.settled();
    expect(broker.queue('q').messageCount).toBe(0);
    fault.end();
    await broker.queue('q').untilMessages(1);
  });
});

describe('coming in', () => {
  test('is refused to one user, and so many times', async () => {
    const users = [{ name: 'ann', password: 'a' }, { name: 'bob', password: 'b' }];
    const broker = await ownBroker({ users });
    const urlOf = (user: string): string => `amqp://${user}:${user[0]!}@127.0.0.1:${broker.port}`;
    broker.faults.refuseLogins({ user: 'bob', times: 2 });
    for (const _ of [1, 2]) await expect(amqplib.connect(urlOf('bob'))).rejects.toThrow('403 (ACCESS-REFUSED)');
    await amqplib.connect(urlOf('ann'));
    await amqplib.connect(urlOf('bob'));
    expect(broker.faults.active).toEqual([]);
  });

  test('is refused to everybody until that ends', async () => {
    const broker = await ownBroker();
    const fault = broker.faults.refuseLogins();
    await expect(amqplib.connect(broker.url)).rejects.toThrow('ACCESS-REFUSED');
    fault.end();
    await connect(broker);
  });

  test('is as where nobody listens', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker);
    const fault = broker.faults.refuseConnections();
    await failureOf(amqplib.connect(broker.url));
    await channel.assertQueue('still served');
    broker.faults.clear();
    fault.end();
    await connect(broker);
  });
});

describe('a restart', () => {
  const declare = async (broker: Awaited<ReturnType<typeof ownBroker>>) => {
    const client = await connect(broker);
    const { channel } = client;
    await channel.assertExchange('kept', 'direct', { durable: true });
    await channel.assertExchange('transient', 'direct', { durable: false });
    await channel.assertQueue('kept', { durable: true });
    await channel.assertQueue('transient', { durable: false });
    await channel.assertQueue('exclusive', { durable: true, exclusive: true });
    await channel.bindQueue('kept', 'kept', 'key');
    channel.publish('kept', 'key', Buffer.from('first'), persistent);
    channel.publish('kept', 'key', Buffer.from('fleeting'));
    channel.publish('kept', 'key', Buffer.from('second'), persistent);
    await broker.queue('kept').untilMessages(3);
    return client;
  };

  test('keeps of what exchanges hold what a journal would', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { channel } = await connect(broker);
    await channel.assertExchange('later', 'x-delayed-message', { arguments: { 'x-delayed-type': 'fanout' } });
    await channel.assertExchange('recent', 'x-recent-history');
    for (const queue of ['kept', 'new']) await channel.assertQueue(queue);
    await channel.assertQueue('quorum', { arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue('kept', 'later', '');
    const headers = { 'x-delay': 1000 };
    channel.publish('later', '', Buffer.from('persistent'), { ...persistent, headers });
    channel.publish('later', '', Buffer.from('transient'), { headers });
    channel.publish('recent', '', Buffer.from('remembered'), persistent);
    channel.sendToQueue('quorum', Buffer.from('transient'));
    await broker.queue('quorum').untilMessages(1);
    broker.faults.restart();
    await broker.advance('1s');
    const { channel: next } = await connect(broker);
    await next.bindQueue('new', 'recent', '');
    const texts = ['kept', 'new', 'quorum'].map((queue) => broker.queue(queue).peek().map(({ text }) => text));
    expect(texts).toEqual([['persistent'], [], ['transient']]);
  });

  test.each(['reset', 'close'] as const)('keeps what is durable, and no connection (%s)', async (kind) => {
    const broker = await ownBroker();
    const { url } = broker;
    const { channel, ended } = await declare(broker);
    await channel.consume('kept', () => {}, { consumerTag: 'of before' });
    await broker.settled();
    broker.faults.restart({ kind });
    await within('the end', ended);
    expect(broker.url).toBe(url);
    expect([...broker.vhost().queues.keys()]).toEqual(['kept']);
    expect(broker.vhost().exchanges.has('transient')).toBe(false);
    expect(broker.queue('kept').consumerCount).toBe(0);
    expect(broker.queue('kept').peek()).toMatchObject([
      { text: 'first', redelivered: true }, { text: 'second', redelivered: true },
    ]);
    const after = await connect(broker);
    after.channel.publish('kept', 'key', Buffer.from('third'));
    await broker.queue('kept').untilMessages(3);
  });

  test('without its durable state has the topology of the start', async () => {
    const broker = await ownBroker({
      topology: (vhost) => vhost.bind(vhost.exchange('amq.topic'), vhost.declareQueue({ queue: 'first' }), '#', {}),
    });
    const { ended } = await declare(broker);
    broker.vhost().exchange('amq.topic').publish({ routingKey: 'a', body: 'lost' });
    broker.faults.restart({ durableState: 'lost' });
    await within('the end', ended);
    expect([...broker.vhost().queues.keys()]).toEqual(['first']);
    expect(broker.queue('first').messageCount).toBe(0);
    expect(broker.vhost().exchanges.has('kept')).toBe(false);
    broker.vhost().exchange('amq.topic').publish({ routingKey: 'a', body: 'once' });
    expect(broker.queue('first').peek().map(({ text }) => text)).toEqual(['once']);
  });
});

describe('a seed', () => {
  /** What a publisher got through before it was dropped, and when each confirm came. */
  async function outcome(seed: number): Promise<unknown> {
    const broker = await ownBroker({
      seed, clock: 'virtual', topology: (vhost) => void vhost.declareQueue({ queue: 'q' }),
    });
    const channel = await confirmChannel(broker);
    broker.faults.delayConfirms(['1s', '1m']);
    const confirmedAt: number[] = [];
    for (const n of [1, 2, 3]) {
      channel.sendToQueue('q', Buffer.from(`${n}`), {}, () => confirmedAt.push(broker.clock.now()));
    }
    await broker.advance('2m');
    broker.faults.drop({ afterFrames: [1, 300] });
    for (let n = 0; n < 100; n++) channel.sendToQueue('q', Buffer.from(`${n}`), {}, () => {});
    await broker.settled();
    return { confirmedAt, count: broker.queue('q').messageCount };
  }

  test('decides what is drawn, so that a failure can be replayed', async () => {
    const first = await outcome(7);
    expect(await outcome(7)).toEqual(first);
    const others = await Promise.all([1, 2, 3].map((seed) => outcome(seed)));
    expect(others).not.toEqual([first, first, first]);
  });

  test('may come from the environment', async () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('TABMQ_SEED', '7');
    expect((await ownBroker()).seed).toBe(7);
    expect((await ownBroker({ seed: 8 })).seed).toBe(8);
    vi.stubEnv('TABMQ_SEED', 'seven');
    await expect(ownBroker()).rejects.toThrow("TABMQ_SEED is 'seven', and a seed is a whole number");
  });

  test('is in every failure, to start the next run with', async () => {
    const broker = await ownBroker({ seed: 42, timeout: 1 });
    expect(broker.seed).toBe(42);
    expect((await failureOf(broker.expectRouted({}))).message).toContain('What the broker saw (seed 42)');
  });
});
