/** Single messages that are moved or deleted by hand, and what is scheduled to happen by itself. */
import { expect, test } from 'vitest';
import {
  managementApi, tapOf, type Api, type MessageView, type RemovedMessage, type TapEvent,
} from '../../core/management/index.ts';
import { durable, ends, Lives, persistent } from '../durable/lives.ts';
import { fixture } from '../support/fixture.ts';
import {
  bind, consume, declareExchange, declareQueue, drain, get, nack, publishAll, texts,
} from '../support/steps.ts';

const textOf = ({ payload }: MessageView): string => new TextDecoder().decode(payload);
const place = (queue: string): string => `/api/queues/%2F/${queue}/messages`;

async function peek(api: Api, queue: string, query = ''): Promise<readonly MessageView[]> {
  return (await api({ path: `${place(queue)}?${query}` })).body as MessageView[];
}

/** The ids of the messages with these bodies, in the order asked for. */
async function idsOf(api: Api, queue: string, bodies: readonly string[]): Promise<string[]> {
  const found = await peek(api, queue);
  return bodies.map((body) => found.find((message) => textOf(message) === body)!.id);
}

async function remove(api: Api, what: 'move' | 'delete', queue: string, ids: readonly string[], to?: string) {
  const { status, body } = await api({ method: 'POST', path: `${place(queue)}/${what}`, body: { ids, to } });
  return { status, report: body as RemovedMessage[], reason: (body as { reason?: string }).reason };
}

const outcomes = (report: readonly RemovedMessage[]) => report.map(({ outcome, text }) => text || outcome);

test('messages are deleted out of the middle; the others keep order, count and place', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareQueue(channel, 'q');
  publishAll(channel, 'q', ['a', 'b', 'c', 'd', 'e']);
  const { report } = await remove(api, 'delete', 'q', await idsOf(api, 'q', ['d', 'b']));
  expect(outcomes(report)).toEqual(['done', 'done']);
  expect((await peek(api, 'q')).map((message) => [textOf(message), message.redelivered, message.delivery_count]))
    .toEqual([['a', false, 0], ['c', false, 0], ['e', false, 0]]);
  publishAll(channel, 'q', ['f']);
  expect(drain(channel, 'q')).toEqual(['a', 'c', 'e', 'f']);
});

test('messages are moved in their order, as they are, and go out of the other queue', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareExchange(channel, 'orders', 'topic');
  declareQueue(channel, 'q');
  declareQueue(channel, 'parked');
  bind(channel, 'orders', 'q', '#');
  for (const key of ['one', 'two', 'three']) {
    channel.publish('orders', key, key, { headers: { retry: 3 }, priority: 4 });
  }
  publishAll(channel, 'parked', ['before']);
  const { report } = await remove(api, 'move', 'q', await idsOf(api, 'q', ['three', 'one']), 'parked');
  expect(outcomes(report)).toEqual(['done', 'done']);
  expect((await peek(api, 'parked')).map((message) => [message.exchange, message.routing_key])).toEqual([
    ['', 'parked'], ['orders', 'one'], ['orders', 'three'],
  ]);
  expect((await peek(api, 'parked'))[1]?.properties).toEqual({ headers: { retry: 3 }, priority: 4 });
  expect((await peek(api, 'q')).map(textOf)).toEqual(['two']);
  consume(channel, 'parked');
  expect(texts(channel)).toEqual(['before', 'one', 'three']);
});

test('what somebody holds is refused, and so is what is there no more', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  for (const queue of ['q', 'other']) declareQueue(channel, queue);
  publishAll(channel, 'q', ['held', 'gone', 'stays']);
  const ids = await idsOf(api, 'q', ['held', 'gone', 'stays']);
  get(channel, 'q', false);
  await remove(api, 'delete', 'q', [ids[1]!]);
  const held = (await peek(api, 'q', 'state=unacked'))[0]!;
  expect(held.id).toBe(ids[0]);
  const { report } = await remove(api, 'move', 'q', ids, 'other');
  expect(outcomes(report)).toEqual([
    'connection-1/1 holds it unacknowledged', 'it is not in the queue any more', 'done',
  ]);
  expect(drain(channel, 'other')).toEqual(['stays']);
  nack(channel, 1);
  expect(drain(channel, 'q')).toEqual(['held']);
});

test('what a full queue refuses stays where it is', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareQueue(channel, 'q');
  declareQueue(channel, 'small', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  publishAll(channel, 'q', ['a', 'b', 'c']);
  const { report } = await remove(api, 'move', 'q', await idsOf(api, 'q', ['a', 'b', 'c']), 'small');
  expect(outcomes(report)).toEqual(['done', ...Array<string>(2).fill("queue 'small' in vhost '/' is full")]);
  expect([drain(channel, 'small'), drain(channel, 'q')]).toEqual([['a'], ['b', 'c']]);
});

test('more messages are moved than one run holds, from one priority and another', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareQueue(channel, 'q', { 'x-max-priority': 1, 'x-max-length-bytes': 100_000 });
  declareQueue(channel, 'other');
  const bodies = Array.from({ length: 300 }, (_, i) => String(i));
  bodies.forEach((body, i) => channel.publish('', 'q', body, { priority: i % 2 }));
  const ids = (await peek(api, 'q', 'count=300')).map(({ id }) => id);
  expect(new Set(ids).size).toBe(300);
  const { report } = await remove(api, 'move', 'q', ids.slice(1), 'other');
  expect(report.every(({ outcome }) => outcome === 'done')).toBe(true);
  const order = [...bodies.filter((_, i) => i % 2 === 1), ...bodies.filter((_, i) => i % 2 === 0)];
  expect([...drain(channel, 'q'), ...drain(channel, 'other')]).toEqual(order);
});

test('what cannot be is refused in words, and changes nothing', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareQueue(channel, 'q');
  declareQueue(channel, 'log', { 'x-queue-type': 'stream' }, { durable: true });
  publishAll(channel, 'q', ['a']);
  publishAll(channel, 'log', ['b']);
  const ids = await idsOf(api, 'q', ['a']);
  const [kept] = await peek(api, 'log');
  expect(await remove(api, 'move', 'q', ids, 'q'))
    .toMatchObject({ status: 400, reason: expect.stringMatching(/are in queue 'q'/) });
  expect(await remove(api, 'move', 'q', ids, 'none')).toMatchObject({ status: 404 });
  expect(await remove(api, 'move', 'q', ids))
    .toMatchObject({ status: 400, reason: '[{key_missing,to}]' });
  expect(await remove(api, 'move', 'log', [kept!.id], 'q'))
    .toMatchObject({ status: 400, reason: expect.stringMatching(/stream/) });
  const odd = { method: 'POST', path: `${place('q')}/delete`, body: { ids: [1] } } as const;
  expect(await api(odd)).toMatchObject({ status: 400 });
  expect((await peek(api, 'q')).map(textOf)).toEqual(['a']);
  // Into a stream it goes as any publish does.
  expect(outcomes((await remove(api, 'move', 'q', ids, 'log')).report)).toEqual(['done']);
  expect((await peek(api, 'log')).map(textOf)).toEqual(['b', 'a']);
});

test('the tap tells of both, and one life goes on in the other queue', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  for (const queue of ['q', 'other']) declareQueue(channel, queue);
  const events: TapEvent[] = [];
  tapOf(made.broker).subscribe((event) => events.push(event));
  publishAll(channel, 'q', ['a', 'b']);
  const [one, two] = await idsOf(api, 'q', ['a', 'b']);
  await remove(api, 'move', 'q', [one!], 'other');
  await remove(api, 'delete', 'q', [two!]);
  expect(events.filter(({ type }) => type === 'message.moved' || type === 'message.dropped')).toMatchObject([
    { type: 'message.moved', message: 1, queue: 'q', to: 'other', becomes: (await peek(api, 'other'))[0]!.message },
    { type: 'message.dropped', message: 2, queue: 'q', reason: 'deleted' },
  ]);
});

test.each(ends)('after %s a moved message is in the other queue alone, and a deleted one in none', async (end) => {
  const lives = await Lives.begin();
  const api = managementApi(lives.broker);
  const channel = lives.open();
  for (const queue of ['q', 'other']) declareQueue(channel, queue, {}, durable);
  declareExchange(channel, 'both', 'fanout', {}, durable);
  for (const queue of ['q', 'other']) bind(channel, 'both', queue);
  for (const body of ['moved', 'deleted', 'kept']) channel.publish('both', '', body, persistent);
  await remove(api, 'move', 'q', await idsOf(api, 'q', ['moved']), 'other');
  await remove(api, 'delete', 'q', await idsOf(api, 'q', ['deleted']));
  await lives.next(end);
  const next = lives.open();
  expect([drain(next, 'q'), drain(next, 'other')]).toEqual([['kept'], ['moved', 'deleted', 'kept', 'moved']]);
});

test('what is scheduled: expiries, retries, and what an exchange holds back for the queue', async () => {
  const made = fixture();
  const api = managementApi(made.broker);
  const channel = made.open();
  declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': 'direct' });
  const retried = { 'x-queue-type': 'quorum', 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 2000 };
  declareQueue(channel, 'q', retried, { durable: true });
  bind(channel, 'later', 'q', 'here');
  channel.publish('', 'q', 'back', {});
  get(channel, 'q', false);
  nack(channel, 1);
  channel.publish('', 'q', 'stays');
  channel.publish('', 'q', 'expires', { expiration: '3000' });
  channel.publish('later', 'here', 'held back', { headers: { 'x-delay': 1000 } });
  channel.publish('later', 'elsewhere', 'for nobody', { headers: { 'x-delay': 500 } });
  const scheduled = (await peek(api, 'q', 'state=scheduled'))
    .map((message) => [textOf(message), message.state, message.due_at, message.expires_at]);
  expect(scheduled).toEqual([
    ['held back', 'delayed', 1000, null], ['back', 'delayed', 2000, null], ['expires', 'ready', null, 3000],
  ]);
  made.clock.advanceBy(2000);
  expect((await peek(api, 'q', 'state=ready')).map(textOf)).toEqual(['back', 'stays', 'expires', 'held back']);
});
