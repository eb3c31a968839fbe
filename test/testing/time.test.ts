import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { durationText, millisecondsOf } from '../../node/testing/duration.ts';
import { TestClock } from '../../node/testing/test-clock.ts';
import { within } from '../clients/waiting.ts';
import { connect, ownBroker } from './own-broker.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A queue that waits and sends what expired back to `work`. */
const waiting = (ms: number) => ({
  durable: false, deadLetterExchange: '', deadLetterRoutingKey: 'work', messageTtl: ms,
});

describe('advance', () => {
  test('runs a retry in three steps of minutes, each at its time', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { channel } = await connect(broker);
    await channel.assertQueue('work', { durable: false });
    for (const minutes of [1, 5, 30]) await channel.assertQueue(`retry-${minutes}m`, waiting(minutes * 60_000));
    const attempts: number[] = [];
    await channel.consume('work', (message) => {
      attempts.push(broker.clock.now());
      const retry = [1, 5, 30][attempts.length - 1];
      if (retry !== undefined) channel.sendToQueue(`retry-${retry}m`, message!.content);
      channel.ack(message!);
    });
    channel.sendToQueue('work', Buffer.from('job'));
    const begin = performance.now();
    await broker.advance('1h');
    process.stdout.write(`three retries over 36 minutes took ${(performance.now() - begin).toFixed(1)} ms\n`);
    expect(attempts).toEqual([0, 60_000, 360_000, 2_160_000]);
    expect(broker.clock.now()).toBe(3_600_000);
    await broker.assertNoUnacked();
  });

  test('lets a handler that waits for something of its own keep up', async () => {
    const broker = await ownBroker({ clock: 'virtual', patience: '5s' });
    const { channel } = await connect(broker);
    await channel.assertQueue('work', { durable: false });
    await channel.assertQueue('later', waiting(60_000));
    const attempts: number[] = [];
    await channel.consume('work', async (message) => {
      attempts.push(broker.clock.now());
      for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
      if (attempts.length < 4) channel.sendToQueue('later', message!.content);
      channel.ack(message!);
    });
    channel.sendToQueue('work', Buffer.from('job'));
    await broker.advance('10m');
    expect(attempts).toEqual([0, 60_000, 120_000, 180_000]);
  });

  test('lets a client of another process keep up', async () => {
    const broker = await ownBroker({ clock: 'virtual', patience: '10s' });
    const { channel } = await connect(broker);
    await channel.assertQueue('work', { durable: false });
    await channel.assertQueue('later', waiting(60_000));
    const program = `
      import amqplib from 'amqplib';
      const connection = await amqplib.connect(${JSON.stringify(broker.url)});
      const channel = await connection.createChannel();
      await channel.consume('work', (message) => {
        const attempt = Number(message.content) + 1;
        channel.sendToQueue(attempt < 3 ? 'later' : 'work.done', Buffer.from(String(attempt)));
        channel.ack(message);
      });`;
    await channel.assertQueue('work.done');
    const consuming = broker.waitFor('consumer.added', { queue: 'work' }, { timeout: '1m' });
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: root, stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    await consuming;
    channel.sendToQueue('work', Buffer.from('0'));
    await broker.advance('119s');
    expect(broker.queue('work.done').messageCount).toBe(0);
    await broker.advance('1s');
    expect(broker.queue('work.done').peek().map(({ text }) => text)).toEqual(['3']);
  });

  test('ends a consumer that keeps its delivery for 30 minutes', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { channel } = await connect(broker);
    await channel.assertQueue('slow');
    const closed = broker.waitFor('channel.closed');
    await channel.consume('slow', () => {});
    channel.sendToQueue('slow', Buffer.from('kept'));
    const begin = performance.now();
    await broker.advance('30m');
    process.stdout.write(`a consumer timeout of 30 minutes took ${(performance.now() - begin).toFixed(1)} ms\n`);
    expect((await closed).text).toContain('Timeout value used: 1800000 ms');
    expect(broker.queue('slow').peek()[0]!.redelivered).toBe(true);
  });

  test('takes the consumer timeout that the broker is given', async () => {
    const broker = await ownBroker({ clock: 'virtual', consumerTimeout: '10s' });
    const { channel } = await connect(broker);
    await channel.assertQueue('slow');
    const closed = broker.waitFor('channel.closed');
    await channel.consume('slow', () => {});
    channel.sendToQueue('slow', Buffer.from('kept'));
    await broker.advance('10s');
    expect((await closed).text).toContain('Timeout value used: 10000 ms');
  });

  test('releases delayed messages in order, and lets unused queues expire', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { channel } = await connect(broker);
    await channel.assertExchange('later', 'x-delayed-message', { arguments: { 'x-delayed-type': 'fanout' } });
    await channel.assertQueue('due');
    await channel.bindQueue('due', 'later', '');
    await channel.assertQueue('unused', { expires: 7_200_000 });
    for (const hours of [3, 1, 2]) {
      channel.publish('later', '', Buffer.from(`${hours}h`), { headers: { 'x-delay': hours * 3_600_000 } });
    }
    await broker.advance('90m');
    expect(broker.queue('due').peek().map(({ text }) => text)).toEqual(['1h']);
    expect(broker.queue('unused').exists).toBe(true);
    await broker.advance('90m');
    expect(broker.queue('due').peek().map(({ text }) => text)).toEqual(['1h', '2h', '3h']);
    expect(broker.queue('unused').exists).toBe(false);
  });

  test('sends heartbeats, and counts no silence of a client that lives by the wall clock', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { channel } = await connect(broker, 'healthy', 10);
    await broker.advance('1d');
    await channel.assertQueue('still there');
    expect(broker.frameLog.match(/client < broker ch 0 heartbeat/g)!.length).toBeGreaterThan(8000);
  });

  test('drops a client whose silence the test made', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const silent = await connect(broker, 'silent', 10);
    const { channel } = await connect(broker, 'healthy', 10);
    broker.faults.stopReading({ connection: 'silent' });
    const closed = broker.waitFor('connection.closed');
    await broker.advance('15s');
    expect(broker.core.connectionCount).toBe(2);
    await broker.advance('10s');
    expect((await closed).by).toBe('transport');
    await within('the end of the silent client', silent.ended);
    await channel.assertQueue('still there');
  });

  test('may be called again before it is done', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    await Promise.all([broker.advance('1h'), broker.advance('30m'), broker.advance(1)]);
    expect(broker.clock.now()).toBe(5_400_001);
  });

  test('moves a clock ahead that follows the wall clock', async () => {
    const broker = await ownBroker();
    const { channel } = await connect(broker);
    await channel.assertQueue('short', { messageTtl: 600_000 });
    channel.sendToQueue('short', Buffer.from('x'));
    await broker.queue('short').untilMessages(1);
    await broker.advance('9m');
    expect(broker.queue('short').messageCount).toBe(1);
    await broker.advance('1m');
    expect(broker.queue('short').messageCount).toBe(0);
  });

  test('goes on though a client stopped reading', async () => {
    const broker = await ownBroker({ clock: 'virtual' });
    const { connection, channel } = await connect(broker);
    await channel.assertQueue('due', { messageTtl: 60_000, deadLetterExchange: '', deadLetterRoutingKey: 'work' });
    await channel.assertQueue('work');
    await channel.consume('work', () => {}, { noAck: true });
    channel.sendToQueue('due', Buffer.from('x'));
    await broker.queue('due').untilMessages(1);
    const { stream } = connection.connection as unknown as { stream: Socket };
    stream.pause();
    await within('the hour', broker.advance('1h'));
    expect(broker.queue('work').messageCount).toBe(0);
    stream.resume();
  });
});

describe('the clock', () => {
  test('stands still where it is virtual', async () => {
    const broker = await ownBroker({ clock: 'virtual', startAt: new Date('2030-01-01T00:00:00Z') });
    await broker.settled();
    expect([broker.clock.now(), broker.clock.wall()]).toEqual([0, Date.UTC(2030, 0, 1)]);
  });

  test('wakes by itself where it flows, and not before its time', async () => {
    const clock = new TestClock(true, 0);
    const set = clock.now();
    const order: string[] = [];
    const late = new Promise<number>((resolve) => {
      clock.setTimer(20, () => resolve(clock.now()));
      clock.setTimer(10, () => order.push('first'));
      clock.setTimer(5, () => order.push('never'))();
    });
    expect((await within('the timer', late)) - set).toBeGreaterThanOrEqual(20);
    expect(order).toEqual(['first']);
    clock.stop();
  });

  test('runs what is due on the way of a skip, in order', () => {
    for (const flows of [true, false]) {
      const clock = new TestClock(flows, 0);
      const order: string[] = [];
      clock.setTimer(3000, () => order.push('c'));
      clock.setTimer(1000, () => {
        order.push('a');
        clock.setTimer(1000, () => order.push('b'));
      });
      clock.skip(500);
      expect(order).toEqual([]);
      clock.skip(5000);
      expect(order).toContain('a');
      clock.skip(5000);
      expect(order.toSorted()).toEqual(['a', 'b', 'c']);
      expect(clock.nextDelay).toBe(Infinity);
      clock.stop();
    }
  });

  test('knows spans of time by their units', () => {
    const spans = ['250ms', '1.5s', '5m', '2h', '1d'] as const;
    expect(spans.map((span) => millisecondsOf(span))).toEqual([250, 1500, 300_000, 7_200_000, 86_400_000]);
    expect(millisecondsOf(7)).toBe(7);
    for (const wrong of ['42', '1w', '-1s', '', 's']) expect(() => millisecondsOf(wrong as '1s')).toThrow(RangeError);
    expect([0, 250, 1500, 300_000, 5_400_000].map((ms) => durationText(ms))).toEqual(
      ['0ms', '250ms', '1.5s', '5m', '1.5h'],
    );
  });
});
