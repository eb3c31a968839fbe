/** Single messages of a connection that comes back share one channel. */
import { concatMap, from, mergeMap, range } from 'rxjs';
import { expect, test } from 'vitest';
import { reconnecting } from '../../core/client/index.ts';
import { dissectFrames } from '../../core/index.ts';
import { open, Outcome } from './fixture.ts';

function recovering() {
  const world = open();
  const { broker, clock, connect } = world;
  world.ask(world.channel.declareQueue('q'));
  const source = connect('amqp://broker?heartbeat=0').pipe(reconnecting({ clock, random: () => 0 }));
  const connecting = new Outcome(clock, source);
  const sent: unknown[] = [];
  broker.frames$.subscribe(({ direction, bytes }) => {
    if (direction === 'in') sent.push(...dissectFrames(bytes).map(({ value }) => value));
  });
  const opened = (): number => sent.filter((method) => method === 'channel.open').length;
  return { ...world, connecting, connection: connecting.value, opened };
}

test('however many are published at once or one after the other', () => {
  const { connection, connecting, watch, opened } = recovering();
  const message = { routingKey: 'q', body: 'x' };
  const together = watch(range(0, 3000).pipe(mergeMap(() => connection.publish(message))));
  const inTurn = watch(range(0, 500).pipe(concatMap(() => connection.publish(message))));
  const kinds = [...together.values, ...inTurn.values].map(({ kind }) => kind);
  expect([kinds.length, new Set(kinds)]).toEqual([3500, new Set(['confirmed'])]);
  expect(opened()).toBe(1);
  connecting.unsubscribe();
});

test('one that the broker refuses ends the channel, and the next has another', () => {
  const { connection, connecting, watch, opened, ask } = recovering();
  const refused = watch(connection.publish({ exchange: 'none', body: '' }));
  expect(refused.error).toMatchObject({ name: 'ReplyError', replyCode: 404 });
  const bodies = from(['a', 'b']).pipe(mergeMap((body) => connection.publish({ routingKey: 'q', body })));
  expect(watch(bodies).values.map(({ kind }) => kind)).toEqual(['confirmed', 'confirmed']);
  expect(opened()).toBe(2);
  connecting.unsubscribe();
  expect(() => ask(connection.publish({ routingKey: 'q', body: '' }))).toThrow(/the connection is closed/);
});
