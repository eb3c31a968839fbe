/** Consumers that come back while their connection lasts, and the bound on single messages. */
import { expect, onTestFinished, test } from 'vitest';
import { reconnecting, type ResubscribeOptions } from '../../core/client/index.ts';
import { open, type Open } from './fixture.ts';

const kinds = [['plain', false], ['one that comes back', true]] as const;

/** A consumer of `q` that comes back, and why it ended so far. */
function resubscribed(kind: boolean, options: ResubscribeOptions = {}) {
  const world: Open = open();
  const { connect, clock, watch, ask, channel } = world;
  const source = connect('amqp://broker?heartbeat=0');
  const connecting = watch(kind ? source.pipe(reconnecting({ clock, random: () => 0 })) : source);
  onTestFinished(() => connecting.unsubscribe());
  const connection = connecting.value;
  const ends: string[] = [];
  ask(channel.declareQueue('q'));
  const deliveries = watch(connection.consume('q', {
    resubscribe: { jitter: 0, ...options, onEnd: (error, delayMs) => ends.push(`${delayMs} ${error.message}`) },
  }));
  return { ...world, connection, ends, deliveries };
}

test.each(kinds)('a queue that is deleted and returns (%s)', (_kind, recovering) => {
  const { clock, ask, channel, deliveries, ends } = resubscribed(recovering);
  ask(channel.deleteQueue('q'));
  clock.advanceBy(500);
  clock.advanceBy(1000);
  ask(channel.declareQueue('q'));
  clock.advanceBy(2000);
  ask(channel.publish({ routingKey: 'q', body: 'again' }));
  expect(deliveries.value.text()).toBe('again');
  expect(deliveries.value.ack()).toBe(true);
  expect(ends).toEqual([
    expect.stringMatching(/^500 the broker cancelled consumer/),
    expect.stringMatching(/^1000 channel closed by the broker: 404/),
    expect.stringMatching(/^2000 channel closed by the broker: 404/),
  ]);
  ask(channel.deleteQueue('q'));
  expect(ends.at(-1), 'what came meanwhile begins the waits anew').toMatch(/^500 /);
  deliveries.unsubscribe();
  const told = ends.length;
  clock.advanceBy(60_000);
  expect(ends.length, 'nothing waits any more').toBe(told);
});

test('a delivery that was kept for too long', () => {
  const { clock, ask, channel, connection, watch } = resubscribed(true);
  ask(channel.declareQueue('timed', { arguments: { 'x-consumer-timeout': 60_000 } }));
  const ends: string[] = [];
  const onEnd = (error: Error): void => void ends.push(error.message);
  const deliveries = watch(connection.consume('timed', { resubscribe: { onEnd } }));
  ask(channel.publish({ routingKey: 'timed', body: 'slow' }));
  clock.advanceBy(90_000);
  expect(ends).toEqual([expect.stringMatching(/406 .*timed out/)]);
  expect(deliveries.values.map(({ redelivered }) => redelivered)).toEqual([false, true]);
  expect(deliveries.values.map((delivery) => delivery.ack())).toEqual([false, true]);
  deliveries.unsubscribe();
});

test('a queue that is another consumer\'s alone for a while', () => {
  const { clock, ask, channel, connection, watch } = resubscribed(false);
  ask(channel.declareQueue('single'));
  const first = watch(channel.consume('single', { exclusive: true }));
  const codes: string[] = [];
  const onEnd = (error: Error): void => void codes.push(/\d{3}/.exec(error.message)![0]);
  const second = watch(connection.consume('single', { resubscribe: { onEnd } }));
  clock.advanceBy(600);
  first.unsubscribe();
  clock.advanceBy(2000);
  ask(channel.publish({ routingKey: 'single', body: 'mine now' }));
  expect([codes.every((code) => code === '403'), codes.length > 0]).toEqual([true, true]);
  expect(second.value.text()).toBe('mine now');
  second.unsubscribe();
});

test('what does not pass comes through, as does all where it was not asked for', () => {
  const { ask, channel, connection, watch } = resubscribed(true);
  const wrong = connection.consume('q', { resubscribe: true, arguments: { 'x-priority': 'high' } });
  expect(watch(wrong).error).toMatchObject({ replyCode: 406 });
  expect(watch(connection.consume('none')).error).toMatchObject({ replyCode: 404 });
  ask(channel.declareQueue('short-lived'));
  const plain = watch(connection.consume('short-lived'));
  ask(channel.deleteQueue('short-lived'));
  expect(plain.error).toMatchObject({ name: 'CancelledError' });
});

test('whoever answers goes on as well', () => {
  const { ask, channel, clock, connection, watch } = resubscribed(true);
  ask(channel.declareQueue('asked'));
  const answering = watch(connection.answer('asked', () => [{ body: 'yes' }], { resubscribe: true }));
  ask(channel.deleteQueue('asked'));
  ask(channel.declareQueue('asked'));
  clock.advanceBy(500);
  expect(ask(connection.rpc({ routingKey: 'asked', body: '?' })).text()).toBe('yes');
  answering.unsubscribe();
});

test('single messages that wait are bounded in all, whoever published them', () => {
  const { broker, connection, watch, drop, clock, ask, connect } = open();
  ask(watch(connection.channel()).value.declareQueue('q'));
  const source = connect('amqp://broker?heartbeat=0');
  const recovering = watch(source.pipe(reconnecting({ clock, random: () => 0, jitter: 0 })));
  onTestFinished(() => recovering.unsubscribe());
  const publish = (body: string) =>
    watch(recovering.value.publish({ routingKey: 'q', body }, { waitingMax: 3, retryUnconfirmed: true }));
  const told = (outcomes: readonly ReturnType<typeof publish>[]): string[] =>
    outcomes.map(({ values: [value] }) =>
      (value?.kind === 'unconfirmed' ? value.error.message : value?.kind ?? 'waits'));
  drop();
  const away = ['1', '2', '3', '4', '5'].map(publish);
  const full = '3 messages wait for a connection already';
  expect(told(away)).toEqual(['waits', 'waits', 'waits', full, full]);
  clock.advanceBy(500);
  expect(told(away)).toEqual(['confirmed', 'confirmed', 'confirmed', full, full]);
  broker.setAlarm('memory', true);
  const blocked = ['0', '1', '2', '3', '4'].map(publish);
  expect(told(blocked).filter((text) => text === full).length, 'while the broker takes none').toBeGreaterThan(0);
  broker.setAlarm('memory', false);
  clock.runUntilIdle();
  expect(told(blocked)).toContain('confirmed');
  const many = Array.from({ length: 10 }, (_, index) => String(index)).map(publish);
  expect(new Set(told(many)), 'while they are taken there is no bound').toEqual(new Set(['confirmed']));
});
