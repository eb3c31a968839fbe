/** Definitions: from a real RabbitMQ's point of view, as pictures, and as files that are not right. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import amqplib from 'amqplib';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exportDefinitions, importDefinitions, type Definitions } from '../../core/management/index.ts';
import { toSvg } from '../../demo/screens/definitions/drawing.ts';
import { readDefinitions } from '../../demo/screens/definitions/file.ts';
import { toMermaid } from '../../demo/screens/definitions/mermaid.ts';
import { trafficOf } from '../../demo/screens/definitions/traffic.ts';
import { findRabbitmq } from '../bench/rabbitmq.ts';
import { makeDirectory, removeDirectory } from '../bench/temporary-directory.ts';
import { hasChromium } from '../browser/chromium.ts';
import { START_MS_MAX, startOwnRabbitmq } from '../client/real/brokers.ts';
import { fixture } from '../support/fixture.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';
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
  expect(report.filter(({ outcome }) => outcome === 'refused' || outcome === 'different')).toEqual([]);
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

test('traffic: a producer for each exchange, and each of its messages is routed', () => {
  const { broker } = fixture();
  const definitions = exported();
  const loose = { name: 'loose', vhost: '/', durable: true };
  importDefinitions(broker, { ...definitions, queues: [...definitions.queues, loose] });
  const { exchanges, queues, bindings } = exportDefinitions(broker);
  const traffic = trafficOf({ exchanges, queues, bindings }, '/');
  expect(traffic.map(({ exchange, samples, fed }) => [exchange, samples.map(({ key }) => key), fed])).toEqual([
    ['amq.fanout', [''], true],
    ['orders "new" <1>', ['order.any', ''], false],
    ['by-header', [''], true],
    ['', ['loose'], false],
  ]);
  expect(traffic[2]?.samples).toEqual([{ key: '', headers: { colour: 'red' } }]);
  for (const { exchange, samples } of traffic) {
    const target = broker.vhost().exchange(exchange);
    for (const { key, headers = {} } of samples) {
      const routed = target.publish({ routingKey: key, body: 'x', properties: { headers } });
      expect(routed, `${exchange} with "${key}"`).toBe(true);
    }
  }
});

describe.skipIf(!hasChromium())('the screen of definitions', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  async function openDefinitions(scenario: string): Promise<PlaygroundPage> {
    const pg = await playground.open({ route: `/s/${scenario}?seed=1&paused=1` });
    await pg.page.evaluate("location.hash = '#/definitions'");
    await pg.page.getByRole('heading', { name: 'Bring yours' }).waitFor();
    return pg;
  }

  async function saved(page: Page, button: string): Promise<Buffer> {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    const chunks: Buffer[] = [];
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  const rowsOf = (page: Page) => page.getByRole('table', { name: 'What became of each item' }).locator('tbody tr');

  test('what one tab exports, another imports, item by item; and pictures of it', async () => {
    const one = await openDefinitions('time-to-live');
    const file = await saved(one.page, 'Save JSON');
    const exportedHere = JSON.parse(String(file)) as Definitions;
    expect(String(await saved(one.page, 'Save SVG'))).toContain('letters');
    expect((await saved(one.page, 'Save PNG')).subarray(1, 4).toString()).toBe('PNG');
    const { page } = await openDefinitions('hello-world');
    const buffer = { name: 'd.json', mimeType: 'application/json', buffer: file };
    await page.getByLabel('Choose a file').setInputFiles(buffer);
    // Users and permissions are items as well.
    const items = Object.values(exportedHere).flatMap((part) => Array.isArray(part) ? part : []).length;
    await page.getByText(`${items} applied, 0 refused`).waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(items);
    const there = await page.evaluate(async () => (
      (await window.__playground.app.port.api('/api/definitions')).body
    )) as Definitions;
    for (const part of ['users', 'permissions', 'exchanges', 'queues', 'bindings'] as const) {
      expect(exportedHere[part], part).not.toEqual([]);
      expect(there[part], part).toEqual(expect.arrayContaining([...exportedHere[part]]));
    }
  });

  test('a file is dropped or pasted; what is refused or broken is told in words', async () => {
    const { page } = await openDefinitions('hello-world');
    const field = page.getByLabel('Definitions as JSON');
    await field.fill('{ "queues": [ { "name": ');
    await page.getByRole('button', { name: 'Import' }).click();
    await page.getByText(/^This is no JSON:/).waitFor();
    const queues = [{ name: 'good', vhost: '/' }, { name: 'bad', vhost: '/', arguments: { 'x-max-length': 'much' } }];
    const data = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'd.json', { type: 'application/json' }));
      return transfer;
    }, JSON.stringify({ queues, shovels: [{ name: 'mover' }] }));
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data });
    await page.getByText(/1 applied, 1 refused,\s+1 not supported/).waitFor();
    await expect.poll(() => rowsOf(page).nth(1).innerText()).toMatch(/queue\s+bad\s+✕ refused\s+.*x-max-length/s);
  });

  test('traffic is sent through what was imported', async () => {
    const pg = await openDefinitions('hello-world');
    const { page } = pg;
    const bindings = [
      { source: 'orders', vhost: '/', destination: 'audit', destination_type: 'queue', routing_key: 'order.*' },
    ];
    const definitions = {
      exchanges: [{ name: 'orders', vhost: '/', type: 'topic', durable: true }],
      queues: [{ name: 'audit', vhost: '/', durable: true }], bindings,
    };
    await page.getByLabel('Definitions as JSON').fill(JSON.stringify(definitions));
    await page.getByRole('button', { name: 'Import' }).click();
    await page.getByText('order.any').waitFor();
    await page.getByLabel('default exchange').uncheck();
    await page.getByRole('button', { name: 'Start 1 producer' }).click();
    await page.getByText('1 producer started.').waitFor();
    await pg.advanceTo(3500);
    const routed = (await pg.tap('message.routed'))
      .filter((event) => 'exchange' in event && event.exchange === 'orders');
    expect(routed.length).toBeGreaterThanOrEqual(3);
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect.poll(async () => (await pg.clients()).map(({ name }) => name)).not.toContain('traffic-orders');
  });
});
