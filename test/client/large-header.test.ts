/** Content headers beyond frame_max, which brokers send whole, and what no client can take. */
import { expect, test } from 'vitest';
import { reconnecting, type RecoveryState } from '../../core/client/index.ts';
import { AmqpError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { open, Outcome, type Open } from './fixture.ts';

/** Has the broker itself put a message with so large a header into the queue `q`, as one that grew would be. */
function grown({ broker, channel, ask }: Open, bytes: number): void {
  ask(channel.declareQueue('q'));
  const filler = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`part-${i}`, 'x'.repeat(bytes / 8)]));
  broker.vhost('/').exchange('').publish({ routingKey: 'q', body: 'behind', properties: { headers: filler } });
}

test('a header of many frame_max is taken, by consume and by get', () => {
  const world = open({ url: 'amqp://broker', heartbeat: 0, frameMax: limits.frameBytesMin });
  const { channel, ask, watch } = world;
  grown(world, 200_000);
  const consumed = watch(channel.consume('q'));
  const delivery = consumed.value;
  expect([delivery.text(), delivery.properties.headers!['part-7']]).toEqual(['behind', 'x'.repeat(25_000)]);
  delivery.ack();
  consumed.unsubscribe();
  grown(world, limits.receivedHeaderBytesMax - 4096);
  expect(ask(channel.get('q', { noAck: true }))!.text()).toBe('behind');
});

test('one beyond the bound ends the connection with 501', () => {
  const world = open();
  grown(world, limits.receivedHeaderBytesMax + 8);
  const { connecting, channel, watch } = world;
  const error = watch(channel.consume('q')).error;
  expect(error).toMatchObject({ name: 'ReplyError', replyCode: 501, by: 'client' });
  expect(connecting.error).toBe(error);
});

test('a connection that ends again and again for the same reason is heard of, in its state and as an error', () => {
  const world = open();
  grown(world, limits.receivedHeaderBytesMax + 8);
  const states: RecoveryState[] = [];
  const connecting = new Outcome(world.clock, world.connect('amqp://broker?heartbeat=0').pipe(reconnecting({
    clock: world.clock, random: () => 0, onState: (state) => states.push(state),
  })));
  const consumed = new Outcome(world.clock, connecting.value.consume('q'));
  world.clock.advanceBy(60_000);
  const waits = states.flatMap((state) => (state.kind === 'waiting' ? [[state.sameEnds, state.delayMs]] : []));
  expect(waits).toEqual([[1, 500], [2, 1000], [3, 2000], [4, 4000]]);
  expect(connecting.error).toMatchObject({ name: 'ReplyError', replyCode: 501 });
  expect(consumed.error).toBe(connecting.error);
});

test('what ends a connection now and then is no such reason', () => {
  const world = open();
  const { broker, clock, connect } = world;
  const connecting = new Outcome(clock, connect('amqp://broker?heartbeat=0').pipe(reconnecting({ clock })));
  world.connecting.unsubscribe();
  for (let i = 0; i < 2 * limits.sameEndsMax; i++) {
    clock.advanceBy(31_000);
    expect(broker.connectionCount).toBe(1);
    for (const connection of broker.connections) connection.close(new AmqpError('CONNECTION_FORCED', 'maintenance'));
    clock.runUntilIdle();
  }
  clock.advanceBy(31_000);
  expect(connecting.error).toBeUndefined();
  connecting.unsubscribe();
});
