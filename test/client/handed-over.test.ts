/** What is given at the call is what is sent, whatever a program does to its buffers and tables then. */
import { from, map, of, Subject, type Observable, type OperatorFunction } from 'rxjs';
import { expect, test } from 'vitest';
import {
  reconnecting, type Confirmation, type Delivery, type FieldTable, type Outgoing, type PublisherOptions,
  type RecoveringConnection,
} from '../../core/client/index.ts';
import { snapshotOf } from '../../core/client/outgoing.ts';
import { keepTag, tagOf } from '../../core/protocol/field-tags.ts';
import { open, Outcome, type Open } from './fixture.ts';

interface Sender {
  publish(message: Outgoing): Observable<Confirmation>;
  publisher(options?: PublisherOptions): OperatorFunction<Outgoing, Confirmation>;
}

function recoveringIn({ connect, clock }: Open): Outcome<RecoveringConnection> {
  const source = connect('amqp://broker?heartbeat=0').pipe(reconnecting({ clock, random: () => 0 }));
  return new Outcome(clock, source);
}

/** A message whose parts can all be overwritten, which `spoil` does. */
function spoilable(routingKey = 'q', bytes = 5) {
  const body = new Uint8Array(bytes).fill(65);
  const inner: FieldTable = { list: [1, 2], bytes: Uint8Array.of(1) };
  const headers: FieldTable = { inner, at: new Date(1000) };
  const properties = { messageId: 'first', headers };
  const message = { routingKey, body, properties };
  const spoil = (): void => {
    body.fill(66);
    (inner['list'] as number[])[0] = 9;
    (inner['bytes'] as Uint8Array)[0] = 9;
    (headers['at'] as Date).setTime(9000);
    headers['late'] = true;
    properties.messageId = 'second';
    message.routingKey = 'elsewhere';
  };
  return { message, spoil };
}

function expectWhole(delivery: Delivery | undefined, bytes = 5): void {
  const { body, properties } = delivery!;
  expect(body.every((octet) => octet === 65) && body.length === bytes).toBe(true);
  expect(properties).toEqual({
    messageId: 'first', headers: { inner: { list: [1, 2], bytes: Uint8Array.of(1) }, at: new Date(1000) },
  });
}

const ways: [string, (world: Open, connection: RecoveringConnection) => Sender][] = [
  ['a channel', ({ channel }) => channel],
  ['a connection that comes back', (_world, connection) => connection],
];

test.each(ways)('of %s: publish, before it is subscribed and after, at every size', (_way, senderOf) => {
  const world = open();
  const { channel, ask, clock } = world;
  ask(channel.declareQueue('q'));
  const connecting = recoveringIn(world);
  const sender = senderOf(world, connecting.value);
  for (const bytes of [0, 5, 5000, 300_000]) {
    const before = spoilable('q', bytes);
    const published$ = sender.publish(before.message);
    before.spoil();
    const after = spoilable('q', bytes);
    const confirmations: Confirmation[] = [];
    sender.publish(after.message).subscribe((confirmation) => confirmations.push(confirmation));
    after.spoil();
    clock.runUntilIdle();
    expect(confirmations.map(({ kind, message }) => [kind, message === after.message])).toEqual([['confirmed', true]]);
    expectWhole(ask(channel.get('q', { noAck: true })), bytes);
    expect(ask(published$).message).toBe(before.message);
    expectWhole(ask(channel.get('q', { noAck: true })), bytes);
  }
  connecting.unsubscribe();
});

test.each(ways)('of %s: one buffer that a publisher is given again and again', (_way, senderOf) => {
  const world = open();
  const { channel, ask, clock, watch } = world;
  ask(channel.declareQueue('q'));
  const connecting = recoveringIn(world);
  const body = new Uint8Array(1);
  const source = from([1, 2, 3, 4, 5]).pipe(map((octet): Outgoing => ({ routingKey: 'q', body: body.fill(octet) })));
  const published = watch(source.pipe(senderOf(world, connecting.value).publisher({ inFlightMax: 2 })));
  clock.runUntilIdle();
  expect(published.values).toHaveLength(5);
  const stored = [1, 2, 3, 4, 5].map(() => ask(channel.get('q', { noAck: true }))!.body[0]);
  expect(stored).toEqual([1, 2, 3, 4, 5]);
  connecting.unsubscribe();
});

test.each(ways)('of %s: a message that comes back is known, whatever its buffer holds then', (_way, senderOf) => {
  const world = open();
  const connecting = recoveringIn(world);
  const source = new Subject<Outgoing>();
  const published = world.watch(source.pipe(senderOf(world, connecting.value).publisher({ mandatory: true })));
  const { message, spoil } = spoilable('nowhere');
  source.next(message);
  spoil();
  world.clock.runUntilIdle();
  expect(published.values).toMatchObject([{ kind: 'returned', message }]);
  connecting.unsubscribe();
});

test('while there is no connection, and again where a connection was lost before the confirm', () => {
  const world = open();
  const { channel, ask, clock, connect, drop } = world;
  ask(channel.declareQueue('q'));
  const connecting = recoveringIn(world);
  const connection = connecting.value;
  drop();
  const waiting = spoilable();
  const source = new Subject<Outgoing>();
  const published = world.watch(source.pipe(connection.publisher({ retryUnconfirmed: true })));
  source.next(waiting.message);
  waiting.spoil();
  const single = spoilable();
  const alone = world.watch(connection.publish(single.message));
  single.spoil();
  clock.advanceBy(500);
  expect([published.value.kind, alone.value.kind]).toEqual(['confirmed', 'confirmed']);
  const retried = spoilable();
  source.next(retried.message);
  retried.spoil();
  // Lost with what was written, before the broker reads it.
  drop();
  clock.advanceBy(500);
  expect(published.value).toMatchObject({ kind: 'confirmed', message: retried.message });
  const reading = world.watch(connect('amqp://reader?heartbeat=0'));
  const reader = world.watch(reading.value.channel()).value;
  for (let i = 0; i < 3; i++) expectWhole(world.ask(reader.get('q', { noAck: true })));
  reading.unsubscribe();
  connecting.unsubscribe();
});

test('a request, which is read when it is made', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  watch(channel.answer('q', (request) => of({ body: request.body })));
  const body = Uint8Array.of(65);
  const reply = channel.rpc({ routingKey: 'q', body });
  body.fill(66);
  expect(ask(reply).text()).toBe('A');
});

test('values keep the types they came with when a message is copied', () => {
  const headers: FieldTable = { list: [1], number: 1 };
  keepTag(headers, 'number', 1, 'd');
  keepTag(headers['list'] as number[], 0, 1, 'd');
  const sent = snapshotOf({ body: '', properties: { headers } }).properties!.headers!;
  expect([tagOf(sent, 'number'), tagOf(sent['list'] as number[], 0)]).toEqual(['d', 'd']);
});
