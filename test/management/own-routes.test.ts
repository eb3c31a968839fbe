/** What the API has beside RabbitMQ's: holders, retries, events, consumers, a description of itself. */
import { expect, test } from 'vitest';
import { management, type World } from '../../core/management/index.ts';
import { Statistics } from '../../core/management/statistics/statistics.ts';
import { Log, readLogLevels } from '../../node/log.ts';
import { startGateway } from '../../node/index.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { consume, counts, declareQueue, get, publishAll } from '../support/steps.ts';

const here = { transport: 'tcp', address: '127.0.0.1', port: 1, loopback: true, secure: false } as const;

/** Reads a stream of events until it has all of these. */
async function readUntil({ body }: Response, ...parts: string[]): Promise<[string, () => Promise<void>]> {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!parts.every((part) => text.includes(part))) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended with ${text}`);
    text += value;
  }
  return [text, () => reader.cancel()];
}

function open(made: Fixture = fixture(), world: Partial<World> = {}) {
  const { broker } = made;
  const { call, fetch } = management(broker, {
    statistics: new Statistics(broker, 0, false), ...world,
  });
  const ask = async (path: string, user = 'guest', method = 'GET'): Promise<Response> => {
    const headers = { authorization: `Basic ${btoa(`${user}:${user}`)}` };
    return fetch(new Request(`http://localhost${path}`, { headers, method }), here);
  };
  return { made, call, ask };
}

test('who holds which message, and for how long', async () => {
  const { made, call } = open();
  const channel = made.open();
  declareQueue(channel, 'q');
  consume(channel, 'q', { consumerTag: 't' });
  publishAll(channel, 'q', ['a']);
  made.clock.advanceBy(1500);
  expect((await call({ path: '/api/queues/%2F/q/unacked' })).body).toMatchObject([
    { channel: 'connection-1/1', consumer_tag: 't', delivery_tag: 1, redelivered: false, age_ms: 1500 },
  ]);
});

test('dead letters go back to the queues that they died in, and others stay', async () => {
  const { made, call } = open();
  const channel = made.open();
  declareQueue(channel, 'dead');
  for (const queue of ['one', 'two']) {
    const table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-message-ttl': 10 };
    declareQueue(channel, queue, table);
    publishAll(channel, queue, [queue]);
  }
  publishAll(channel, 'dead', ['alive']);
  made.clock.advanceBy(11);
  expect(counts(channel, 'dead')).toEqual([3, 0]);
  const { body } = await call({ method: 'POST', path: '/api/queues/%2F/dead/messages/retry', body: {} });
  expect((body as { outcome: string; text: string }[]).map(({ outcome, text }) => `${outcome} ${text}`).toSorted())
    .toEqual(['done ', 'done ', 'refused it is no dead letter']);
  expect([counts(channel, 'one'), counts(channel, 'two')]).toEqual([[1, 0], [1, 0]]);
  expect(get(channel, 'dead')).toMatchObject({ text: 'alive' });
});

test('a consumer is cancelled, and told so', async () => {
  const { made, call } = open();
  const channel = made.open();
  declareQueue(channel, 'q');
  consume(channel, 'q', { consumerTag: 't' });
  const path = '/api/consumers/%2F/connection-1%2F1/t';
  expect(await call({ method: 'DELETE', path })).toMatchObject({ status: 204 });
  expect(made.vhost.queue('q').consumers.count).toBe(0);
  expect(await call({ method: 'DELETE', path })).toMatchObject({ status: 404 });
});

test('a queue is paused by whoever may configure it, and is listed as such', async () => {
  const { made, call, ask } = open();
  declareQueue(made.open(), 'q');
  const path = '/api/queues/%2F/q';
  expect(await call({ method: 'PUT', path: `${path}/pause` })).toMatchObject({ status: 204 });
  expect((await call({ path })).body).toMatchObject({ state: 'paused' });
  const got = { count: 1, ackmode: 'ack_requeue_false', encoding: 'auto' };
  publishAll(made.open(), 'q', ['a']);
  expect((await call({ method: 'POST', path: `${path}/get`, body: got })).body).toEqual([]);
  expect(await call({ method: 'PUT', path: `${path}/resume` })).toMatchObject({ status: 204 });
  expect((await call({ path: '/api/queues' })).body).toMatchObject([{ state: 'running', message_bytes: 1 }]);
  expect((await call({ method: 'PUT', path: '/api/queues/%2F/nope/pause' })).status).toBe(404);
  await call({ method: 'PUT', path: '/api/users/reader', body: { password: 'reader', tags: 'management' } });
  await call({ method: 'PUT', path: '/api/permissions/%2F/reader', body: { configure: '', write: '.*', read: '.*' } });
  expect((await ask(`${path}/pause`, 'reader', 'PUT')).status).toBe(401);
});

test('events come as they happen, until nobody reads', async () => {
  const { made, ask } = open();
  const response = await ask('/api/events');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  declareQueue(made.open(), 'q');
  const [text, cancel] = await readUntil(response, '"queue":"q"');
  expect(text).toMatch(/event: queue\.declared\ndata: \{.*"queue":"q".*\}\n\n/);
  await cancel();
  expect(made.clock.pending).toBe(0);
});

test('lines of the log come as they are written, of a level and a component, to administrators', async () => {
  const log = new Log({ levels: readLogLevels('debug'), write: () => {} });
  const { made, call, ask } = open(fixture(), { log$: log.line$ });
  const response = await ask('/api/logs?level=warn&component=queue');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  log.write('queue', 'info', 'declared');
  log.write('connection', 'error', 'failed');
  log.write('queue', 'warn', 'trouble', { queue: 'tasks' });
  const [text, cancel] = await readUntil(response, 'tasks');
  expect(text).toMatch(/^: nothing new\n\nevent: log\ndata: \{"at":\d+,.*"text":"trouble queue=tasks"\}\n\n$/);
  await cancel();
  expect(made.clock.pending).toBe(0);
  expect((await ask('/api/logs?level=loud')).status).toBe(400);
  await call({ method: 'PUT', path: '/api/users/watcher', body: { password: 'watcher', tags: 'monitoring' } });
  expect((await ask('/api/logs', 'watcher')).status).toBe(401);
  expect(await (await open().ask('/api/logs')).json()).toMatchObject({ reason: 'this broker has no log' });
});

test('the log of a gateway is read until it stops', async () => {
  const log = new Log({ levels: readLogLevels('info'), write: () => {} });
  const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, log });
  const headers = { authorization: `Basic ${btoa('guest:guest')}` };
  const response = await fetch(`http://127.0.0.1:${gateway.ports.http}/api/logs`, { headers });
  gateway.broker.setAlarm('memory', true);
  const [, cancel] = await readUntil(response, '"component":"alarm"');
  await gateway.stop();
  await cancel();
});

test('the API describes itself by its own routes', async () => {
  const { ask } = open();
  const description = await (await ask('/api/openapi.json')).json() as {
    openapi: string; paths: Record<string, Record<string, { parameters: { name: string }[]; requestBody?: unknown }>>;
  };
  expect(description.openapi).toBe('3.1.0');
  const { get: list } = description.paths['/api/queues/{vhost}']!;
  expect(list!.parameters.map(({ name }) => name))
    .toEqual(expect.arrayContaining(['vhost', 'page', 'columns', 'sort']));
  expect(description.paths['/api/queues/{vhost}/{queue}']!['put']!.requestBody).toMatchObject({
    content: { 'application/json': { schema: { properties: { durable: {} } } } },
  });
  expect(await (await ask('/api/index.html')).text()).toContain('/api/queues/:vhost');
});
