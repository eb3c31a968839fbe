/** What the gateway tells Prometheus, compared with what RabbitMQ tells: test/fixtures/prometheus-families.tsv. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../../node/index.ts';
import { overviewExpressions } from './overview-expressions.ts';
import { freePort } from '../support/free-port.ts';

interface Family {
  readonly type: string;
  readonly help: string;
  readonly labels: Set<string>;
  readonly values: number[];
}

interface Fact {
  readonly name: string;
  readonly type: string;
  readonly aggregated: string;
  readonly perObject: string;
  readonly family: string;
  readonly familyLabels: string;
  readonly help: string;
}

const facts: readonly Fact[] = readFileSync(new URL('../fixtures/prometheus-families.tsv', import.meta.url), 'utf8')
  .trim().split('\n').slice(1).map((line) => {
    const [name, type, aggregated, perObject, family, familyLabels, help] = line.split('\t') as [
      string, string, string, string, string, string, string,
    ];
    return { name, type, aggregated, perObject, family, familyLabels, help };
  });

const directory = mkdtempSync(join(tmpdir(), 'tabmq-metrics-'));
let gateway: Gateway;
let connection: amqp.ChannelModel;

beforeAll(async () => {
  gateway = await startGateway({
    hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0, metrics: 0 }, data: join(directory, 'data'),
  });
  connection = await amqp.connect(`amqp://guest:guest@127.0.0.1:${gateway.ports.amqp}`);
  await work(connection);
});

afterAll(async () => {
  await connection.close();
  await gateway.stop();
  rmSync(directory, { recursive: true });
});

/** Something of everything that is counted. */
async function work(client: amqp.ChannelModel): Promise<void> {
  const [channel, confirming] = [await client.createChannel(), await client.createConfirmChannel()];
  await channel.assertQueue('tasks', { durable: true });
  await channel.assertQueue('idle');
  await channel.prefetch(7);
  for (let i = 0; i < 4; i++) channel.publish('', 'tasks', Buffer.from('x'));
  channel.publish('amq.direct', 'nowhere', Buffer.from('x'));
  channel.publish('amq.direct', 'nowhere', Buffer.from('x'), { mandatory: true });
  confirming.publish('amq.topic', 'nowhere', Buffer.from('x'));
  await confirming.waitForConfirms();
  const taken = await channel.get('tasks');
  if (taken !== false) channel.nack(taken);
  await channel.get('tasks', { noAck: true });
  await channel.get('idle');
  await new Promise<void>((resolve) => {
    void channel.consume('tasks', (message) => {
      channel.ack(message!);
      if (message!.fields.deliveryTag === 5) resolve();
    });
  });
  await channel.consume('idle', () => {}, { noAck: true });
  await channel.publish('', 'idle', Buffer.from('x'));
  // Nothing is left behind that the broker has not read.
  await channel.checkQueue('idle');
}

async function scrape(path: string, port = gateway.ports.metrics): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  expect([response.status, response.headers.get('content-type')])
    .toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return familiesOf(await response.text());
}

function familiesOf(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') helps.set(name, rest);
    else if (kind === 'TYPE') {
      expect(families.has(name), `${name} comes once`).toBe(false);
      families.set(name, { type: rest, help: helps.get(name)!, labels: new Set(), values: [] });
    } else {
      const [, series = line, labels = '', value] = /^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
      const family = families.get(series) ?? families.get(series.replace(/_(bucket|sum|count)$/, ''));
      expect(family, line).toBeDefined();
      for (const [, label] of labels.matchAll(/([a-z_]+)="/g)) family!.labels.add(label!);
      family!.values.push(Number(value));
    }
  }
  return families;
}

function labelsIn(text: string): string[] {
  return text.startsWith('{') ? text.slice(1, -1).split(',').sort() : [];
}

function expectFamily(families: ReadonlyMap<string, Family>, name: string, fact: Fact, labels: string): void {
  const found = families.get(name);
  expect(found, name).toBeDefined();
  expect({ name, type: found!.type, help: found!.help, labels: [...found!.labels].sort() })
    .toEqual({ name, type: fact.type, help: fact.help, labels: labelsIn(labels) });
  expect(found!.values.length, `${name} has samples`).toBeGreaterThan(0);
}

test.each([
  ['/metrics', ({ aggregated }: Fact) => aggregated], ['/metrics/per-object', ({ perObject }: Fact) => perObject],
])('%s has the names, types, labels and words of RabbitMQ', async (path, labelsOf) => {
  const families = await scrape(path);
  for (const fact of facts) if (labelsOf(fact) !== '-') expectFamily(families, fact.name, fact, labelsOf(fact));
});

test('/metrics/detailed tells the families that are asked for, of these virtual hosts alone', async () => {
  const detailed = facts.filter(({ family }) => family !== '-');
  const query = [...new Set(detailed.map(({ family }) => `family=${family}`))].join('&');
  const families = await scrape(`/metrics/detailed?${query}&family=nope`);
  for (const fact of detailed) {
    const { name, family } = fact;
    const isOfCluster = name.startsWith('rabbitmq_cluster_');
    expectFamily(families, isOfCluster ? name : name.replace('_', '_detailed_'), fact, fact.familyLabels);
    expect(family).not.toBe('');
  }
  const coarse = await scrape('/metrics/detailed?family=queue_coarse_metrics');
  expect([...coarse.keys()]).toEqual([
    'rabbitmq_detailed_queue_messages_ready', 'rabbitmq_detailed_queue_messages_unacked',
    'rabbitmq_detailed_queue_messages',
  ]);
  expect(coarse.get('rabbitmq_detailed_queue_messages')!.values).toHaveLength(2);
  const others = await scrape('/metrics/detailed?family=queue_coarse_metrics&vhost=other');
  expect(others.get('rabbitmq_detailed_queue_messages')!.values).toEqual([]);
  expect((await scrape('/metrics/detailed')).size).toBe(0);
});

test('counts are those of what was done', async () => {
  const families = await scrape('/metrics');
  const sumOf = (name: string): number => (
    families.get(`rabbitmq_${name}`)!.values.reduce((sum, value) => sum + value, 0));
  expect(Object.fromEntries([
    'global_messages_received_total', 'global_messages_received_confirm_total', 'global_messages_routed_total',
    'global_messages_confirmed_total', 'global_messages_unroutable_dropped_total',
    'global_messages_unroutable_returned_total', 'global_messages_delivered_get_manual_ack_total',
    'global_messages_delivered_get_auto_ack_total', 'global_messages_delivered_consume_manual_ack_total',
    'global_messages_delivered_consume_auto_ack_total', 'global_messages_get_empty_total',
    'global_messages_acknowledged_total', 'global_messages_redelivered_total', 'global_publishers',
    'channel_messages_published_total', 'channel_messages_acked_total', 'queue_messages_published_total',
    'queues', 'consumers', 'channels', 'connections', 'queues_declared_total', 'channel_consumers',
  ].map((name) => [name, sumOf(name)]))).toEqual({
    global_messages_received_total: 8, global_messages_received_confirm_total: 1, global_messages_routed_total: 5,
    global_messages_confirmed_total: 1, global_messages_unroutable_dropped_total: 2,
    global_messages_unroutable_returned_total: 1, global_messages_delivered_get_manual_ack_total: 1,
    global_messages_delivered_get_auto_ack_total: 1, global_messages_delivered_consume_manual_ack_total: 3,
    global_messages_delivered_consume_auto_ack_total: 1, global_messages_get_empty_total: 1,
    global_messages_acknowledged_total: 3, global_messages_redelivered_total: 1, global_publishers: 2,
    channel_messages_published_total: 8, channel_messages_acked_total: 3, queue_messages_published_total: 5,
    queues: 2, consumers: 2, channels: 2, connections: 1, queues_declared_total: 2, channel_consumers: 2,
  });
  expect(sumOf('io_sync_ops_total')).toBeGreaterThan(0);
  expect(sumOf('process_open_fds')).toBeGreaterThan(5);
});

test('TabMQ measures itself, and tells of queues without their channels', async () => {
  const families = await scrape('/metrics/per-object');
  for (const name of ['event_loop_delay_seconds', 'turn_budget_used_ratio', 'journal_sync_seconds']) {
    expect(families.get(`tabmq_${name}`), name).toMatchObject({ type: 'histogram' });
  }
  expect(families.get('tabmq_turn_budget_used_ratio')!.values.at(-1)).toBeGreaterThan(5);
  expect(families.get('tabmq_journal_sync_seconds')!.values.at(-1)).toBeGreaterThan(0);
  const published = families.get('tabmq_queue_messages_published_total')!;
  expect([[...published.labels], published.values]).toEqual([['vhost', 'queue'], [4, 1]]);
});

test('they are on the HTTP port too; what is no path of metrics, or no reading, is refused', async () => {
  expect((await scrape('/metrics', gateway.ports.http)).has('rabbitmq_queues')).toBe(true);
  const status = async (path: string, init?: RequestInit): Promise<number> => (
    (await fetch(`http://127.0.0.1:${gateway.ports.metrics}${path}`, init)).status);
  expect(await status('/')).toBe(404);
  expect(await status('/metrics/nope')).toBe(404);
  expect(await status('/metrics', { method: 'POST' })).toBe(405);
  expect(await status('/metrics', { method: 'HEAD' })).toBe(200);
  expect(await status('/metrics', { headers: { accept: 'application/vnd.google.protobuf' } })).toBe(406);
});

test('thousands of queues hold nobody up: others come in between', async () => {
  const vhost = gateway.broker.ensureVhost('many');
  for (let i = 0; i < 3000; i++) vhost.declareQueue({ queue: `q-${i}` });
  let turns = 0;
  let next: NodeJS.Immediate;
  const come = (): void => {
    turns++;
    next = setImmediate(come);
  };
  come();
  const families = await scrape('/metrics/per-object');
  clearImmediate(next!);
  gateway.broker.removeVhost(vhost);
  expect(families.get('rabbitmq_queue_messages')!.values).toHaveLength(3002);
  expect(turns).toBeGreaterThan(100);
});

const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

test.runIf(hasPrometheus)('each expression of the RabbitMQ-Overview dashboard has data in Prometheus', async () => {
  const port = await freePort();
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{
      job_name: 'tabmq', static_configs: [{ targets: [`127.0.0.1:${gateway.ports.metrics}`] }],
    }],
  }));
  const scraped = scrapes(3);
  const prometheus = spawn('prometheus', [
    `--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=error',
  ], { stdio: 'ignore' });
  try {
    // What the third one begins after, the two before have stored.
    await scraped;
    const cluster = gateway.broker.options.node;
    for (const expression of overviewExpressions(cluster)) {
      const query = new URLSearchParams({ query: expression });
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${query}`);
      const { status, error, data } = await response.json() as {
        status: string; error?: string; data?: { result: { value: [number, string] }[] };
      };
      expect([status, error]).toEqual(['success', undefined]);
      expect(data!.result.length, expression).toBeGreaterThan(0);
      expect(Number(data!.result[0]!.value[1]), expression).not.toBeNaN();
    }
  } finally {
    prometheus.kill();
    await once(prometheus, 'exit');
  }
}, 60_000);

/** Resolves when the metrics were asked for so many times more: each time they look up the name of the cluster. */
function scrapes(count: number): Promise<void> {
  const { broker } = gateway;
  const noteOf = broker.noteOf.bind(broker);
  let left = count;
  return new Promise((resolve) => {
    broker.noteOf = (name) => {
      if (--left === 0) resolve();
      return noteOf(name);
    };
  });
}
