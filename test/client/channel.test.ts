/** What a channel does for its user, against TabMQ in memory. */
import { take } from 'rxjs';
import { expect, test } from 'vitest';
import { open } from './fixture.ts';

test('declares, publishes with a confirm, consumes and acknowledges', () => {
  const { channel, ask, watch, clock } = open();
  const { queue } = ask(channel.declareQueue('', { exclusive: true }));
  const deliveries = watch(channel.consume(queue, { prefetch: 2 }));
  expect(ask(channel.publish({ routingKey: queue, body: 'hello', properties: { correlationId: '7' } })))
    .toMatchObject({ kind: 'confirmed' });
  const [delivery] = deliveries.values;
  expect(delivery).toMatchObject({ exchange: '', routingKey: queue, redelivered: false, deliveryTag: 1 });
  expect(delivery!.properties).toEqual({ correlationId: '7' });
  expect(delivery!.text()).toBe('hello');
  expect(delivery!.ack()).toBe(true);
  expect(() => delivery!.ack()).toThrow(/settled already/);
  deliveries.unsubscribe();
  clock.runUntilIdle();
  expect(ask(channel.call('queue.declare', { queue, passive: true })))
    .toEqual({ queue, messageCount: 0, consumerCount: 0 });
});

test('gives back at once what arrives after the consumer was cancelled', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  for (const body of ['a', 'b', 'c']) channel.post({ routingKey: 'q', body });
  const first = watch(channel.consume('q').pipe(take(1)));
  expect(first.completed).toBe(true);
  first.value.ack();
  expect(ask(channel.declareQueue('q'))).toMatchObject({ messageCount: 2, consumerCount: 0 });
});

test.each([false, true])('a message that is fetched, noAck %s, is settled by then or given back', (noAck) => {
  const { channel, ask, clock } = open();
  ask(channel.declareQueue('q'));
  channel.post({ routingKey: 'q', body: 'fetched' });
  channel.get('q', { noAck }).subscribe().unsubscribe();
  clock.runUntilIdle();
  const { messageCount } = ask(channel.declareQueue('q'));
  expect([channel.open, messageCount]).toEqual([true, noAck ? 0 : 1]);
  channel.post({ routingKey: 'q', body: 'again' });
  const delivery = ask(channel.get('q', { noAck }))!;
  expect(delivery.settled).toBe(noAck);
  if (noAck) expect(() => delivery.ack()).toThrow(/settled already/);
  else expect(delivery.ack()).toBe(true);
});
