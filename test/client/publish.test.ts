/** What becomes of published messages, and that none is forgotten. */
import { from, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import type { Confirmation, Outgoing } from '../../core/client/index.ts';
import { open } from './fixture.ts';

const kinds = (confirmations: readonly Confirmation[]): string[] =>
  confirmations.map(({ kind, message }) => `${kind} ${String(message.body)}`);
const bodies = (count: number): Outgoing[] =>
  Array.from({ length: count }, (_, index) => ({ routingKey: 'q', body: `${index + 1}` }));

test('tells confirmed, nacked and returned messages apart', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } }));
  const messages: Outgoing[] = [
    { routingKey: 'full', body: 'first' },
    { routingKey: 'full', body: 'second' },
    { routingKey: 'nowhere', body: 'same', mandatory: true },
    { routingKey: 'nowhere', body: 'dropped' },
    { routingKey: 'nowhere', body: 'same', mandatory: true, properties: { messageId: '2' } },
  ];
  const returned = watch(channel.returned$);
  const published = watch(from(messages).pipe(channel.publisher()));
  expect(kinds(published.values).sort()).toEqual([
    'confirmed dropped', 'confirmed first', 'nacked second', 'returned same', 'returned same',
  ]);
  expect(published.values.find(({ message }) => message === messages[4])).toMatchObject({
    kind: 'returned', returned: { replyCode: 312, replyText: 'NO_ROUTE', routingKey: 'nowhere' },
  });
  expect(published.completed).toBe(true);
  expect(returned.values.map(({ properties }) => properties.messageId)).toEqual([undefined, '2']);
});

test('keeps no more in flight than it is told to', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  const source = new Subject<Outgoing>();
  const outcome = watch(source.pipe(channel.publisher({ inFlightMax: 3, routingKey: 'q' })));
  bodies(10).forEach((message) => source.next(message));
  source.complete();
  // What was asked next goes out behind the first three, and before any confirm has come.
  expect(ask(channel.declareQueue('q')).messageCount).toBe(3);
  expect(ask(channel.declareQueue('q')).messageCount).toBe(10);
  expect(kinds(outcome.values)).toEqual(bodies(10).map(({ body }) => `confirmed ${String(body)}`));
  expect(outcome.completed).toBe(true);
});

test('publishes without confirms, and acknowledges what a transaction commits', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  expect(ask(channel.publish({ routingKey: 'q', body: 'a' }, { confirm: false })).kind).toBe('sent');
  const sent = watch(from(bodies(2)).pipe(channel.publisher({ confirm: false })));
  expect([kinds(sent.values), sent.completed]).toEqual([['sent 1', 'sent 2'], true]);
  ask(channel.selectTransactions());
  expect(ask(channel.publish({ routingKey: 'q', body: 'b' })).kind).toBe('sent');
  expect(ask(channel.declareQueue('q')).messageCount).toBe(3);
  ask(channel.commit());
  expect(ask(channel.declareQueue('q')).messageCount).toBe(4);
  ask(channel.publish({ routingKey: 'q', body: 'c' }));
  ask(channel.rollback());
  expect(ask(channel.purgeQueue('q'))).toBe(4);
});

test('reports each message without a confirm when its channel ends, and then the error', () => {
  const { channel, ask, watch, drop } = open();
  ask(channel.declareQueue('q'));
  const source = new Subject<Outgoing>();
  const outcome = watch(source.pipe(channel.publisher({ inFlightMax: 2 })));
  bodies(3).forEach((message) => source.next(message));
  const single = channel.publish({ routingKey: 'q', body: 'alone' });
  const errors: unknown[] = [];
  single.subscribe({ error: (error: unknown) => errors.push(error) });
  drop();
  expect(outcome.values.map((value) => [value.kind, value.message.body, 'written' in value && value.written]))
    .toEqual([['unconfirmed', '1', true], ['unconfirmed', '2', true], ['unconfirmed', '3', false]]);
  expect(outcome.error).toMatchObject({ name: 'LostError', scope: 'connection' });
  expect(errors).toEqual([outcome.error]);
});

test('ends an idle publisher with its channel', () => {
  const { channel, ask, watch } = open();
  const outcome = watch(new Subject<Outgoing>().pipe(channel.publisher({ exchange: 'none' })));
  expect(() => ask(channel.publish({ exchange: 'none', body: '' }))).toThrow(/404 NOT_FOUND/);
  expect(outcome.error).toMatchObject({ replyCode: 404, scope: 'channel', method: 'basic.publish' });
});

test('waits while the broker is blocked', () => {
  const { broker, connection, channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  ask(channel.publish({ routingKey: 'q', body: 'marks the publisher' }));
  const blocked = watch(connection.blocked$);
  broker.setAlarm('memory', true);
  const outcome = watch(from(bodies(2)).pipe(channel.publisher()));
  expect(outcome.values).toEqual([]);
  expect(connection.blockedReason).toBe('low on memory');
  broker.setAlarm('memory', false);
  expect(watch(connection.blocked$).value).toBe(false);
  expect(blocked.values).toEqual([false, true, false]);
  expect(kinds(outcome.values)).toEqual(['confirmed 1', 'confirmed 2']);
});

test.each([0, Number.NaN])('with %d messages in flight at most nothing could be sent', (inFlightMax) => {
  const { channel, watch } = open();
  const { error } = watch(of({ body: '' }).pipe(channel.publisher({ inFlightMax })));
  expect(error).toMatchObject({ name: 'ArgumentError', message: `inFlightMax is at least 1, not ${inFlightMax}` });
});

test.each<[string, Outgoing, RegExp]>([
  ['a routing key that is too long', { routingKey: 'x'.repeat(256), body: '' }, /routingKey .* takes 256 octets/],
  ['a property that is no text', { body: '', properties: { type: 5 as unknown as string } }, /type is not text/],
  ['an unknown property', { body: '', properties: { colour: 'red' } as object }, /no property 'colour'/],
  ['a priority beyond an octet', { body: '', properties: { priority: 256 } }, /integer from 0 to 255/],
  ['a header that is no value', { body: '', properties: { headers: { a: Symbol('a') as never } } }, /holds no symbol/],
  ['an integer of more than 64 bits', { body: '', properties: { headers: { a: 2n ** 64n } } }, /64 bits/],
  ['a header with a name that would be cut', { body: '', properties: { headers: { ['x'.repeat(256)]: 1 } } }, /key/],
  ['headers larger than a frame', { body: '', properties: { headers: { a: 'x'.repeat(140_000) } } }, /than a frame/],
  ['a body of another type', { body: 5 as unknown as string }, /text or a Uint8Array/],
])('refuses %s and writes nothing of it', (_what, message, reason) => {
  const { channel, ask } = open();
  expect(() => ask(channel.publish(message))).toThrow(reason);
  expect(() => ask(channel.publish(message))).toThrow(expect.objectContaining({ name: 'ArgumentError' }));
  expect(ask(channel.publish({ body: 'fine' })).kind).toBe('confirmed');
});
