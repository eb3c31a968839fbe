/** Debian's rabbitmqadmin, unchanged, does all of its commands. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../node/index.ts';

const run = promisify(execFile);

const declarations = [
  ['vhost', 'name=v', 'tracing=false'], ['user', 'name=u', 'password=p', 'tags=monitoring'],
  ['user', 'name=h', 'password_hash=kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR', 'tags=',
    'hashing_algorithm=rabbit_password_hashing_sha256'],
  ['permission', 'vhost=v', 'user=u', 'configure=.*', 'write=.*', 'read=.*'],
  ['exchange', 'name=x', 'type=topic', 'durable=true', 'auto_delete=false', 'internal=false', 'arguments={"a":1}'],
  ['queue', 'name=q', 'durable=true', 'auto_delete=false', 'arguments={"x-max-length":5}', 'queue_type=classic'],
  ['binding', 'source=x', 'destination=q', 'destination_type=queue', 'routing_key=a.#', 'arguments={}'],
  ['binding', 'source=x', 'destination=amq.fanout', 'destination_type=exchange', 'routing_key=b'],
  ['policy', 'name=p', 'pattern=^q', 'definition={"max-length":9}', 'priority=2', 'apply-to=queues'],
  ['operator_policy', 'name=o', 'pattern=^q', 'definition={"max-length":8}', 'apply-to=queues'],
  ['parameter', 'component=federation-upstream', 'name=up', 'value={"uri":"amqp://localhost"}'],
  ['vhost_limit', 'vhost=v', 'name=max-queues', 'value=7'],
];

/** What is listed, by which columns, and a line that is among them. */
const lists: Readonly<Record<string, readonly [columns: string[], has: string]>> = {
  vhosts: [['name'], 'v'], users: [['name', 'tags'], 'u\tmonitoring'], exchanges: [['name', 'type'], 'x\ttopic'],
  permissions: [['user', 'vhost', 'read'], 'u\tv\t.*'], queues: [['name', 'durable'], 'q\tTrue'],
  bindings: [['source', 'destination', 'routing_key'], 'x\tq\ta.#'], policies: [['name', 'priority'], 'p\t2'],
  operator_policies: [['name', 'pattern'], 'o\t^q'], parameters: [['name', 'component'], 'up\tfederation-upstream'],
  vhost_limits: [['vhost', 'value.max-queues'], 'v'], connections: [['user', 'state'], 'guest\trunning'],
  channels: [['user', 'number'], 'guest\t1'], consumers: [['queue.name', 'ack_required'], 'c\tTrue'],
  nodes: [['name', 'running'], 'True'],
};

const removals = [
  ['binding', 'source=x', 'destination_type=queue', 'destination=q', 'properties_key=a.%23'],
  ['binding', 'source=x', 'destination_type=exchange', 'destination=amq.fanout', 'properties_key=b'],
  ['queue', 'name=q'], ['exchange', 'name=x'], ['policy', 'name=p'], ['operator_policy', 'name=o'],
  ['parameter', 'component=federation-upstream', 'name=up'], ['vhost_limit', 'vhost=v', 'name=max-queues'],
  ['permission', 'vhost=v', 'user=u'], ['user', 'name=u'], ['user', 'name=h'], ['vhost', 'name=v'],
];

test('rabbitmqadmin does what it can do', async () => {
  const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 } });
  onTestFinished(() => gateway.stop());
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-admin-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const connection = await connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  await channel.assertQueue('c');
  await channel.consume('c', () => {});
  /** The output of a command, without tables: one value a line, and columns behind tabs. */
  const admin = async (...parameters: string[]): Promise<string> => {
    const { stdout } = await run('rabbitmqadmin', [
      '--host=127.0.0.1', `--port=${gateway.ports.http}`, '--format=tsv', '--quiet', ...parameters,
    ]);
    return stdout.trim();
  };
  for (const each of declarations) await admin('declare', ...each);
  await Promise.all(Object.entries(lists).map(async ([what, [columns, has]]) => {
    expect(await admin('--format=raw_json', 'list', what), what).not.toBe('[]');
    expect(await admin('list', what, ...columns), what).toContain(has);
  }));
  expect(await admin('show', 'overview')).toContain('3.10.8');
  await admin('publish', 'routing_key=a.b', 'exchange=x', 'payload=hello', 'properties={"delivery_mode":2}',
    'payload_encoding=string');
  await admin('publish', 'routing_key=q', 'payload=again');
  expect(await admin('get', 'queue=q', 'count=2', 'ackmode=ack_requeue_true', 'encoding=auto'))
    .toMatch(/a\.b.*hello[^]*again/);
  const payload = join(folder, 'payload');
  await admin('get', 'queue=q', `payload_file=${payload}`, 'ackmode=ack_requeue_false');
  expect(readFileSync(payload, 'utf8')).toBe('hello');
  await admin('purge', 'queue', 'name=q');
  expect(gateway.broker.vhost().queue('q').readyCount).toBe(0);
  const definitions = join(folder, 'definitions.json');
  await admin('export', definitions);
  for (const each of removals) await admin('delete', ...each);
  expect(gateway.broker.vhosts.size).toBe(1);
  await admin('import', definitions);
  expect(JSON.parse(await admin('--format=raw_json', 'list', 'bindings', 'source', 'routing_key')) as object[])
    .toContainEqual({ source: 'x', routing_key: 'a.#' });
  expect(gateway.broker.vhosts.get('v')?.limits.all).toEqual({ 'max-queues': 7 });
  await expect(admin('list', 'nope')).rejects.toThrow();
  await expect(admin('declare', 'queue', 'name=q', 'durable=false')).rejects.toThrow(/inequivalent arg 'durable'/);
  const closed = new Promise((resolve) => {
    connection.on('close', resolve);
  });
  await admin('close', 'connection', `name=${await admin('list', 'connections', 'name')}`);
  await closed;
});
