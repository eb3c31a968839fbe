/** Definitions: from a real RabbitMQ's point of view, as pictures, and as files that are not right. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import amqplib from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { exportDefinitions, importDefinitions, type Definitions } from '../../core/management/index.ts';
import { toSvg } from '../../demo/screens/definitions/drawing.ts';
import { readDefinitions } from '../../demo/screens/definitions/file.ts';
import { toMermaid } from '../../demo/screens/definitions/mermaid.ts';
import { findRabbitmq } from '../bench/rabbitmq.ts';
import { makeDirectory, removeDirectory } from '../bench/temporary-directory.ts';
import { START_MS_MAX, startOwnRabbitmq } from '../client/real/brokers.ts';
import { fixture } from '../support/fixture.ts';
import { bind, declareExchange, declareQueue } from '../support/steps.ts';

/** A topology with all that definitions can say. */
function exported(): Definitions {
  const { broker, open } = fixture();
  const channel = open();
  declareExchange(channel, 'orders "new" <1>', 'topic', {}, { durable: true });
  declareExchange(channel, 'by-header', 'headers', { 'alternate-exchange': 'amq.fanout' }, { durable: true });
  declareQueue(channel, 'work', {
    'x-message-ttl': 60_000, 'x-dead-letter-exchange': 'by-header', 'x-max-priority': 5,
  }, { durable: true });
  declareQueue(channel, 'log', { 'x-queue-type': 'quorum' }, { durable: true });
  bind(channel, 'orders "new" <1>', 'work', 'order.*');
  bind(channel, 'amq.fanout', 'log');
  bind(channel, 'by-header', 'log', '', { 'x-match': 'any', colour: 'red' });
  channel.call('exchange.bind', { source: 'orders "new" <1>', destination: 'by-header', routingKey: '#' });
  return structuredClone(exportDefinitions(broker));
}

test('what is exported comes back the same', () => {
  const definitions = exported();
  const { broker } = fixture();
  const report = importDefinitions(broker, JSON.parse(JSON.stringify(definitions)));
  expect(report.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
  expect(exportDefinitions(broker)).toEqual(definitions);
});

const rabbitmq = findRabbitmq();
const guest = {
  users: [{ name: 'guest', password: 'guest', tags: 'administrator' }],
  permissions: [{ user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' }],
};

test.skipIf(rabbitmq === undefined)('RabbitMQ takes what is exported, and has what it says', async () => {
  const definitions = exported();
  const folder = makeDirectory('tabmq-definitions-');
  onTestFinished(() => removeDirectory(folder));
  const file = join(folder, 'definitions.json');
  writeFileSync(file, JSON.stringify({ ...definitions, ...guest }));
  const broker = await startOwnRabbitmq(rabbitmq!, `load_definitions = ${file}\n`);
  onTestFinished(() => broker.stop());
  const connection = await amqplib.connect(`amqp://${broker.host}:${broker.port}`);
  const channel = await connection.createChannel();
  for (const { name } of definitions.queues) await channel.checkQueue(name);
  for (const { name } of definitions.exchanges) await channel.checkExchange(name);
  channel.publish('orders "new" <1>', 'order.paid', Buffer.from('routed'));
  const found = async (): Promise<boolean> => (await channel.get('work', { noAck: true })) !== false;
  await expect.poll(found).toBe(true);
  await connection.close();
}, 2 * START_MS_MAX);

test('Mermaid names each thing once, and escapes what would break the chart', () => {
  expect(toMermaid(exported()).split('\n')).toEqual([
    'flowchart LR',
    '  exchange1(["orders #quot;new#quot; #lt;1#gt;<br/>topic"])',
    '  exchange2(["by-header<br/>headers"])',
    '  exchange3(["amq.fanout"])',
    '  queue4[("work")]',
    '  queue5[("log")]',
    '  exchange3 --> queue5',
    '  exchange1 -->|"order.*"| queue4',
    '  exchange1 -->|"#"| exchange2',
    '  exchange2 -->|"x-match=any colour=red"| queue5',
    '',
  ]);
});

test('the picture shows every node and line, with names that are no markup', () => {
  const svg = toSvg(exported());
  expect(svg.match(/<rect [^>]*rx=/g)).toHaveLength(5);
  expect(svg.match(/marker-end/g)).toHaveLength(4);
  expect(svg).toContain('orders &quot;new&quot; &lt;1>');
  expect(svg).not.toContain('<1>');
});

test.each([
  ['', 'This is no JSON: Unexpected end of JSON input'],
  ['{"queues": [\n  {"name": oops}]}', /^This is no JSON: Unexpected token/],
  [' '.repeat(8_000_001), 'The file has 8.0 MB, and at most 8 MB are taken.'],
])('a broken file is told in words: %#', (text, reason) => {
  const read = readDefinitions(text);
  expect(read.ok ? '' : read.reason).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
});
