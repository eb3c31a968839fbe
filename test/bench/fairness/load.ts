import { createInterface } from 'node:readline';
import { connect as connectSocket } from 'node:net';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import type { LoadTask } from './loads.ts';

/** The program that takes what it can get from a broker, in a process of its own. */

const EXPIRY_DELAY_MS = 2000;
const task = JSON.parse(process.argv[2] ?? '') as LoadTask;
const scaled = (count: number): number => Math.max(1, Math.round(count * task.scale));
const open = (): Promise<ChannelModel> => (
  amqplib.connect({ hostname: '127.0.0.1', port: task.amqp, heartbeat: 0 }));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Publishes as fast as the socket takes it, for good. */
function publishForGood(channel: Channel, exchange: string, key: string, body: Buffer): void {
  const go = (): void => {
    for (let i = 0; i < 500; i++) if (!channel.publish(exchange, key, body)) break;
    setImmediate(go);
  };
  go();
}

async function flood(publishers: number, queues: number): Promise<() => Promise<void>> {
  const channel = await (await open()).createChannel();
  for (let i = 0; i < queues; i++) {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'amq.fanout', '');
  }
  const channels = await Promise.all(Array.from({ length: publishers }, async () => (
    (await open()).createChannel())));
  return async () => {
    for (const each of channels) publishForGood(each, 'amq.fanout', '', Buffer.alloc(0));
  };
}

async function fill(queue: string, options: () => object): Promise<Channel> {
  const channel = await (await open()).createConfirmChannel();
  await channel.assertQueue(queue, { durable: false });
  const count = scaled(1_000_000);
  for (let sent = 0; sent < count;) {
    const given = options();
    for (let i = 0; i < 5000 && sent < count; i++, sent++) {
      channel.sendToQueue(queue, Buffer.from('x'), given);
    }
    await channel.waitForConfirms();
  }
  return channel;
}

async function greedyConsumer(): Promise<() => Promise<void>> {
  const reader = await open();
  const consumer = await reader.createChannel();
  const publisher = await (await open()).createChannel();
  await consumer.assertQueue('greedy', { durable: false });
  return async () => {
    await consumer.consume('greedy', () => {}, { noAck: true });
    const { stream } = (reader as unknown as { connection: { stream: { pause(): void } } }).connection;
    stream.pause();
    publishForGood(publisher, '', 'greedy', Buffer.alloc(100));
  };
}

async function largeBodies(): Promise<() => Promise<void>> {
  const channel = await (await open()).createChannel();
  await channel.assertQueue('large', { durable: false, maxLength: 5 });
  const channels = await Promise.all(Array.from({ length: 10 }, async () => (await open()).createChannel()));
  const body = Buffer.alloc(1_048_576);
  return async () => {
    for (const each of channels) {
      const go = (): void => {
        if (each.publish('', 'large', body)) setImmediate(go);
        else each.once('drain', go);
      };
      go();
    }
  };
}

async function storm(): Promise<() => Promise<void>> {
  const channel = await (await open()).createChannel();
  await channel.assertExchange('storm', 'fanout', { durable: false });
  for (let i = 0; i < 6; i++) {
    const options = { durable: false, maxLength: 0, deadLetterExchange: 'storm' };
    await channel.assertQueue(`storm-${i}`, options);
    await channel.bindQueue(`storm-${i}`, 'storm', '');
  }
  return async () => void setInterval(() => channel.sendToQueue('storm-0', Buffer.from('x')), 50);
}

async function importAll(): Promise<() => Promise<void>> {
  const names = Array.from({ length: scaled(20_000) }, (_, i) => `imported-${i}`);
  const channel = await (await open()).createChannel();
  if (task.http === undefined) {
    return async () => void await Promise.all(names.map((name) => channel.assertQueue(name)));
  }
  const queues = names.map((name) => (
    { name, vhost: '/', durable: true, auto_delete: false, arguments: {} }));
  return async () => {
    const answer = await fetch(`http://127.0.0.1:${task.http}/api/definitions`, {
      method: 'POST', body: JSON.stringify({ queues }),
      headers: { 'content-type': 'application/json', 'authorization': `Basic ${btoa('guest:guest')}` },
    });
    if (!answer.ok) throw new Error(`the import was refused: ${answer.status} ${await answer.text()}`);
  };
}

async function connects(): Promise<() => Promise<void>> {
  const header = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
  const connectOnce = (): void => {
    const socket = connectSocket(task.amqp, '127.0.0.1', () => socket.write(header));
    socket.once('data', () => socket.destroy());
    socket.on('error', () => socket.destroy());
  };
  return async () => void setInterval(() => {
    for (let i = 0; i < 10; i++) connectOnce();
  }, 10);
}

async function prepare(): Promise<() => Promise<void>> {
  switch (task.load) {
    case 'flood-20': return flood(10, 20);
    case 'flood-200': return flood(20, 200);
    case 'flood-1500': return flood(1, 1500);
    case 'greedy-consumer': return greedyConsumer();
    case 'large-bodies': return largeBodies();
    case 'expiry': {
      // As slow a broker as may be is filled by then.
      const at = Date.now() + scaled(60_000) + EXPIRY_DELAY_MS;
      await fill('expiring', () => ({ expiration: Math.max(1, at - Date.now()) }));
      await pause(Math.max(0, at - Date.now() - EXPIRY_DELAY_MS));
      return () => pause(EXPIRY_DELAY_MS);
    }
    case 'purge': {
      const channel = await fill('purged', () => ({}));
      return async () => void await channel.purgeQueue('purged');
    }
    case 'dead-letter-storm': return storm();
    case 'import': return importAll();
    case 'connects': return connects();
  }
}

const start = await prepare();
process.stdout.write('ready\n');
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
await lines.next();
await start();
// Until it is ended.
await lines.next();
