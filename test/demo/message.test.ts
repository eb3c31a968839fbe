/** The message inspector and the queue browser, on a real broker. */
import { encode as encodeMessagePack } from '@msgpack/msgpack';
import { encode as encodeCbor } from 'cborg';
import { from, lastValueFrom, of } from 'rxjs';
import { expect, test } from 'vitest';
import { managementApi, tapOf, type MessageView } from '../../core/management/index.ts';
import { bodyView } from '../../demo/panels/message/body.ts';
import { deathsOf } from '../../demo/panels/message/deaths.ts';
import { differencesOf, type Compared } from '../../demo/panels/message/differences.ts';
import { lifeOf, messageTypes, type Life, type MessageEvent } from '../../demo/panels/message/life.ts';
import { findMessage } from '../../demo/panels/message/whereabouts.ts';
import type { BrokerPort } from '../../demo/port/broker-port.ts';
import { arrange, exportMessages, peekAt, predicateInput } from '../../demo/screens/queues/messages.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, get, nack, publishAll } from '../support/steps.ts';

/** What happens to messages from now on. */
function eventsOf({ broker }: Fixture): MessageEvent[] {
  const events: MessageEvent[] = [];
  tapOf(broker).subscribe((event) => {
    if ((messageTypes as readonly string[]).includes(event.type)) events.push(event as MessageEvent);
  });
  return events;
}

/** What the inspector knows of a message at the end. */
function listen(made: Fixture): (message: number) => Promise<Life> {
  const events = eventsOf(made);
  return (message) => lastValueFrom(lifeOf(of({ events, counts: [], dropped: 0 }), message));
}

const q = { vhost: '/', name: 'q' };

function portOf({ broker }: Fixture): Pick<BrokerPort, 'api'> {
  const api = managementApi(broker);
  return { api: (path, init) => api({ ...init, path }) };
}

test('a broker that begins anew has other messages under the same numbers', async () => {
  const batches = ['of the first broker', 'of the second'].map((body) => {
    const made = fixture();
    const events = eventsOf(made);
    made.vhost.declareQueue({ queue: 'q' });
    made.vhost.exchange('').publish({ routingKey: 'q', body });
    return { events, counts: [], dropped: 0 };
  });
  const { published, steps } = await lastValueFrom(lifeOf(from(batches), 1));
  expect(new TextDecoder().decode(published!.body)).toBe('of the second');
  expect(steps.filter(({ type }) => type === 'message.published')).toHaveLength(1);
});

test('the life of a message that is given back and acknowledged', async () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'orders', 'topic');
  declareQueue(channel, 'q');
  bind(channel, 'orders', 'q', 'order.*');
  consume(channel, 'q', { consumerTag: 't' });
  const life = listen(made);
  channel.publish('orders', 'order.new', 'first');
  channel.publish('orders', 'order.new', 'second');
  nack(channel, 2);
  channel.send('basic.ack', { deliveryTag: 3 });

  const { steps, before, published } = await life(2);
  expect(steps.map(({ text }) => text)).toEqual([
    'published to orders with key "order.new" by connection-1/1, 6 bytes',
    'routed to q by the binding "order.*"',
    'waits in q at place 1',
    'delivered from q to connection-1/1, tag 2',
    'given back by connection-1/1',
    'back in q',
    'delivered from q to connection-1/1, tag 3, redelivered',
    'acknowledged by connection-1/1',
  ]);
  expect(published?.message).toBe(2);
  expect(before?.message).toBe(1);
  expect(steps.every(({ frame }) => frame > 0)).toBe(true);
});

test('one life goes on through dead-lettering, whichever of its numbers is asked for', async () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'wait', {
    'x-message-ttl': 1000, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'done',
  });
  declareQueue(channel, 'done');
  const life = listen(made);
  channel.publish('', 'wait', 'a');
  made.clock.advanceBy(1000);
  const texts = (await life(1)).steps.map(({ text }) => text);
  expect(texts).toContain('dead-lettered (expired) to the default exchange with key "done"');
  expect(texts.at(-1)).toBe('waits in done at place 1');
  expect((await life(2)).steps).toEqual((await life(1)).steps);
});

test('a peek changes nothing, however often, and says who holds what', async () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  publishAll(channel, 'q', ['one', 'two', 'three']);
  get(channel, 'q', false);
  made.clock.advanceBy(500);
  const port = portOf(made) as BrokerPort;
  const look = (state: 'ready' | 'unacked'): Promise<readonly MessageView[]> => peekAt(port, q, { state, from: 0 });
  const [ready, unacked] = [await look('ready'), await look('unacked')];
  expect([await look('ready'), await look('unacked')]).toEqual([ready, unacked]);
  expect(ready.map(({ redelivered, position }) => [redelivered, position])).toEqual([[false, 0], [false, 1]]);
  expect(unacked[0]?.held_by).toMatchObject({ channel: 'connection-1/1', delivery_tag: 1 });
  expect(made.clock.now() - unacked[0]!.held_by!.since).toBe(500);
  const none = { vhost: '/', name: 'none' };
  await expect(peekAt(port, none, { state: 'ready', from: 0 })).rejects.toThrow('Not Found');
});

test('messages are found by key, header and body, sorted, and exported whole', async () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  channel.publish('', 'q', 'a long text', { headers: { retry: 3 } });
  channel.publish('', 'q', 'short', { priority: 5, expiration: '500' });
  const messages = await peekAt(portOf(made) as BrokerPort, q, { state: 'ready', from: 0 });
  const places = (text: string, sort: Parameters<typeof arrange>[2], reversed = false): number[] => (
    arrange(messages, text, sort, reversed).map(({ position }) => position)
  );
  expect(places('RETRY=3', 'place')).toEqual([0]);
  expect(places('short', 'place')).toEqual([1]);
  expect(places('', 'place', true)).toEqual([1, 0]);
  expect(places('', 'size')).toEqual([0, 1]);
  expect(places('', 'age', true)).toEqual([1, 0]);
  expect(places('', 'due')).toEqual([1, 0]);
  expect(places('', 'priority')).toEqual([1, 0]);
  const lines = exportMessages(messages).trimEnd().split('\n').map((line) => JSON.parse(line) as MessageView);
  expect(lines.map(({ payload }) => payload)).toEqual(['a long text', 'short']);
});

test('a function of the user sees headers always, and a body of JSON as its value', async () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  channel.publish('', 'q', '{"total":7}', { headers: { retry: 3 } });
  channel.publish('', 'q', 'no JSON');
  const messages = await peekAt(portOf(made) as BrokerPort, q, { state: 'ready', from: 0 });
  expect(messages.map(predicateInput)).toMatchObject([
    { headers: { retry: 3 }, body: { total: 7 }, text: '{"total":7}', routingKey: 'q', heldBy: null },
    { headers: {}, body: 'no JSON', position: 1, redelivered: false },
  ]);
});

test.each([
  ['', 'empty'], ['{"a":1}', 'json'], ['[1', 'text'], ['7', 'text'], ['\u0001\u0002', 'binary'],
])('a body of %j is shown as %s', (text, kind) => {
  expect(bodyView(new TextEncoder().encode(text)).kind).toBe(kind);
});

test('pictures are told by their type, and octets that are no text are shown in hex', () => {
  const octets = Uint8Array.of(0xff, 0xd8);
  expect(bodyView(octets, 'image/jpeg').kind).toBe('image');
  expect(bodyView(octets)).toEqual({
    kind: 'binary', hex: 'ff d8                    ··', format: '', packings: [],
  });
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  expect(bodyView(png)).toMatchObject({ kind: 'image', type: 'image/png' });
});

test.each([
  ['application/cbor', 'CBOR', ['CBOR']], ['application/vnd.msgpack', 'MessagePack', ['MessagePack']],
  ['application/x-msgpack', 'MessagePack', ['MessagePack']], ['application/protobuf', 'Protocol Buffers', []],
])('%s is named: %s', (type, format, packings) => {
  const hex = '61 61                    aa';
  expect(bodyView(Uint8Array.of(0x61, 0x61), type)).toEqual({ kind: 'binary', hex, format, packings });
});

test('what differs from the message before is told by its path', async () => {
  const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
  const before = { body: octets('{"total":3,"lines":[1,2]}'), properties: { priority: 1, headers: { retry: 1 } } };
  const now = { body: octets('{"total":4,"lines":[1],"paid":true}'), properties: { headers: { retry: 2 } } };
  expect(await differencesOf(before, now)).toEqual([
    'priority: 1 → absent', 'retry: 1 → 2', 'body.total: 3 → 4', 'body.lines[1]: 2 → absent',
    'body.paid: absent → true',
  ]);
  expect(await differencesOf(before, { ...before, body: octets('plain') })).toContain('body: absent → plain');
  expect(await differencesOf(now, now)).toEqual([]);
});

test.each([['CBOR', encodeCbor], ['MessagePack', encodeMessagePack]])(
  'two bodies in %s are compared value by value', async (_packing, encode) => {
    const of = (body: unknown): Compared => ({ body: encode(body), properties: {} });
    const before = of({ total: 3, id: Uint8Array.of(1), lines: [{ sku: 'a' }] });
    const now = of({ total: 4, id: Uint8Array.of(2), lines: [{ sku: 'a' }, null] });
    // CBOR puts its keys into an order of its own.
    expect((await differencesOf(before, now)).toSorted()).toEqual([
      "body.id: h'01' → h'02'", 'body.lines[1]: absent → null', 'body.total: 3 → 4',
    ]);
  },
);

test('two bodies that nothing can read differ in their octets, however many they are', async () => {
  const of = (last: number): Compared => ({ body: new Uint8Array(1000).fill(last, 999), properties: {} });
  expect(await differencesOf(of(1), of(2))).toEqual([`body: …${'0'.repeat(20)}1' → …${'0'.repeat(20)}2'`]);
  expect(await differencesOf(of(1), of(1))).toEqual([]);
});

test('a date out of range differs as well', async () => {
  const of = (at: number): Compared => ({ body: new Uint8Array(), properties: { headers: { at: new Date(at) } } });
  expect(await differencesOf(of(0), of(NaN))).toEqual(['at: 1970-01-01T00:00:00.000Z → no date']);
});

test('deaths are told as receivers get them, and from the life of a message that is gone', async () => {
  const made = fixture();
  const channel = made.open();
  const toWork = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'work' };
  declareQueue(channel, 'work', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'wait' });
  declareQueue(channel, 'wait', { 'x-message-ttl': 1000, ...toWork });
  const life = listen(made);
  channel.publish('', 'work', 'a');
  for (let round = 0; round < 2; round++) {
    get(channel, 'work', false);
    nack(channel, round + 1, false);
    made.clock.advanceBy(1000);
  }
  const { deaths, numbers, places } = await life(1);
  expect(places).toEqual([{ vhost: '/', queue: 'work' }, { vhost: '/', queue: 'wait' }]);
  const found = await findMessage(portOf(made) as BrokerPort, places[0]!, numbers);
  const expected = [
    { reason: 'expired', queue: 'wait', count: 2, exchange: '', keys: 'wait' },
    { reason: 'rejected', queue: 'work', count: 2, exchange: '', keys: 'work' },
  ];
  expect(deathsOf(found!.view.properties)).toMatchObject(expected);
  expect(deaths).toMatchObject(expected);
  expect(await findMessage(portOf(made) as BrokerPort, places[1]!, numbers)).toBe(undefined);
});
