/** The message inspector and the queue browser, on a real broker. */
import { lastValueFrom, of } from 'rxjs';
import { expect, test } from 'vitest';
import { managementApi, tapOf, type MessageView } from '../../core/management/index.ts';
import { bodyView } from '../../demo/panels/message/body.ts';
import { lifeOf, messageTypes, type Life, type MessageEvent } from '../../demo/panels/message/life.ts';
import type { BrokerPort } from '../../demo/port/broker-port.ts';
import { arrange, exportMessages, peekAt, predicateInput } from '../../demo/screens/queues/messages.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, get, nack, publishAll } from '../support/steps.ts';

/** What the inspector knows of a message at the end. */
function listen({ broker }: Fixture): (message: number) => Promise<Life> {
  const events: MessageEvent[] = [];
  tapOf(broker).subscribe((event) => {
    if ((messageTypes as readonly string[]).includes(event.type)) events.push(event as MessageEvent);
  });
  return (message) => lastValueFrom(lifeOf(of({ events, counts: [], dropped: 0 }), message));
}

const q = { vhost: '/', name: 'q' };

function portOf({ broker }: Fixture): Pick<BrokerPort, 'api'> {
  const api = managementApi(broker);
  return { api: (path, init) => api({ ...init, path }) };
}

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
  await expect(peekAt(port, none, { state: 'ready', from: 0 })).rejects.toThrow(/no queue 'none' in vhost/);
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
  expect(bodyView(octets)).toEqual({ kind: 'binary', hex: 'ff d8' });
});
