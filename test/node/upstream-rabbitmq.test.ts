/** Clients of all kinds that are relayed to a real RabbitMQ, which is killed in the end. */
import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import amqp from 'amqplib';
import { defer, firstValueFrom, retry } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../node/client.ts';
import { startGateway, type Gateway } from '../../node/gateway.ts';
import { readUpstream } from '../../node/upstream/addresses.ts';
import { readUpstreamRules } from '../../node/upstream/rules.ts';
import { endChild } from '../bench/child-process.ts';
import { findRabbitmq, rabbitmqStarter } from '../bench/rabbitmq.ts';
import { makeDirectory, removeDirectory } from '../bench/temporary-directory.ts';
import type { StartedBroker } from '../bench/broker-process.ts';

const directory = makeDirectory('tabmq-upstream-');
let rabbitmq: StartedBroker;
let gateway: Gateway;

/** RabbitMQ takes its time: asked again until it lets somebody in, or the hook's time is over. */
async function untilOpen(port: number): Promise<void> {
  const asked = defer(() => amqp.connect(`amqp://127.0.0.1:${port}`)).pipe(retry({ delay: 250 }));
  await (await firstValueFrom(asked)).close();
}

beforeAll(async () => {
  const log = openSync(join(directory, 'output.log'), 'a');
  const started = await rabbitmqStarter(findRabbitmq()!)(directory, log);
  closeSync(log);
  rabbitmq = started!;
  await untilOpen(rabbitmq.ports.amqp);
  gateway = await startGateway({
    hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 },
    upstream: [readUpstream(`amqp://127.0.0.1:${rabbitmq.ports.amqp}`)],
    upstreamRules: readUpstreamRules([
      { configure: '^mine', write: '^(mine|amq\\.default$)', read: '^mine', messageBytesMax: 1_000_000 },
    ]),
  });
}, 120_000);

afterAll(async () => {
  await gateway.stop();
  for (const child of [rabbitmq.child, ...rabbitmq.helpers ?? []]) await endChild(child, 'SIGKILL');
  removeDirectory(directory);
});

test('amqplib publishes with confirms and consumes, and what is refused ends its channel alone', async () => {
  const connection = await amqp.connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('mine-amqplib', { autoDelete: true });
  const bodies: string[] = [];
  const all = new Promise<void>((resolve) => {
    void channel.consume(queue, (message) => {
      channel.ack(message!);
      if (bodies.push(message!.content.toString()) === 2000) resolve();
    });
  });
  const refused = await connection.createChannel();
  const ended = new Promise<Error>((resolve) => {
    refused.once('error', resolve);
  });
  for (let i = 0; i < 1000; i++) channel.sendToQueue(queue, Buffer.from(String(i)));
  refused.sendToQueue(queue, Buffer.alloc(1_000_001));
  for (let i = 1000; i < 2000; i++) channel.sendToQueue(queue, Buffer.from(String(i)));
  await channel.waitForConfirms();
  await all;
  expect(bodies).toEqual(Array.from({ length: 2000 }, (_, index) => String(index)));
  expect((await ended).message).toMatch(/403.*1000001 bytes is larger/);
  await (await connection.createChannel()).checkQueue(queue);
  await connection.close();
});

/** A python of the user's own, if it has pika, or Debian's. */
const python = ['python3', '/usr/bin/python3'].find((each) => spawnSync(each, ['-c', 'import pika']).status === 0)!;

const pika = `
import pika, sys
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare('mine-pika', auto_delete=True)
channel.basic_publish('', 'mine-pika', b'x' * 300000)
method, properties, body = channel.basic_get('mine-pika', auto_ack=True)
assert body == b'x' * 300000
try:
    channel.queue_declare('theirs')
    sys.exit('not refused')
except pika.exceptions.ChannelClosedByBroker as error:
    print(error.reply_code, error.reply_text)
connection.channel().queue_delete('mine-pika')
connection.close()
try:
    pika.BlockingConnection(pika.URLParameters(sys.argv[1].replace('guest:guest', 'guest:wrong')))
except pika.exceptions.AMQPConnectionError as error:
    print(repr(error))
`;

test('pika publishes, gets, and reads the codes of what is refused', () => {
  const url = `amqp://guest:guest@127.0.0.1:${gateway.ports.amqp}/%2F`;
  // The gateway runs in this process, so the client may not hold it up.
  return new Promise<void>((resolve, reject) => {
    execFile(python, ['-c', pika, url], (error, stdout) => {
      if (error) return reject(error);
      const [channel, login] = stdout.split('\n');
      expect(channel).toMatch(/^403 .*queue 'theirs' in vhost '\/' refused for user 'guest' by the rules/);
      expect(login).toMatch(/403.*Login was refused/);
      resolve();
    });
  });
});

test('a client over WebSocket whose node is killed is told so with 320', async () => {
  const url = `ws://guest:guest@127.0.0.1:${gateway.ports.http}/ws/amqp`;
  const ended = new Promise<unknown>((resolve) => {
    connect(url).subscribe({ next: () => rabbitmq.child.kill('SIGKILL'), error: resolve });
  });
  expect(await ended).toMatchObject({
    replyCode: 320, message: expect.stringMatching(/the upstream node went away, connect again/),
  });
});
