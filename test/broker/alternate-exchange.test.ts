import { expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { bind, declareExchange, declareQueue, drain, names, refusal } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** The exchange x with the alternate exchange ae, which leads to the queue spare. */
function withAlternate(): TestChannel {
  const channel = fixture().open();
  declareExchange(channel, 'x', 'direct', { 'alternate-exchange': 'ae' });
  declareExchange(channel, 'ae', 'fanout');
  declareQueue(channel, 'q');
  declareQueue(channel, 'spare');
  bind(channel, 'x', 'q', 'k');
  bind(channel, 'ae', 'spare');
  return channel;
}

test('gets what has no place, and nothing else [TYP-11] [exchange.declare.arguments.alternate-exchange]', () => {
  const channel = withAlternate();
  channel.publish('x', 'k', 'placed');
  channel.publish('x', 'other', 'left over');
  expect([drain(channel, 'q'), drain(channel, 'spare')]).toEqual([['placed'], ['left over']]);
});

test('what it takes is not unroutable; what it cannot take is', () => {
  const channel = withAlternate();
  channel.take();
  channel.publish('x', 'other', '', {}, { mandatory: true });
  expect(names(channel)).toEqual([]);
  channel.call('queue.unbind', { queue: 'spare', exchange: 'ae' });
  channel.publish('x', 'other', '', {}, { mandatory: true });
  expect(names(channel)).toEqual(['queue.unbind-ok', 'basic.return']);
});

test('it may come later than the exchange that names it', () => {
  const channel = fixture().open();
  declareExchange(channel, 'x', 'direct', { 'alternate-exchange': 'ae' });
  channel.publish('x', 'k', 'lost');
  declareExchange(channel, 'ae', 'fanout');
  declareQueue(channel, 'q');
  bind(channel, 'ae', 'q');
  channel.publish('x', 'k', 'found');
  expect(drain(channel, 'q')).toEqual(['found']);
});

test('chains are followed, circles end', () => {
  const channel = fixture().open();
  for (const [name, next] of [['a', 'b'], ['b', 'c'], ['c', 'a']] as const) {
    declareExchange(channel, name, 'direct', { 'alternate-exchange': next });
  }
  declareQueue(channel, 'q');
  bind(channel, 'c', 'q', 'k');
  channel.take();
  channel.publish('a', 'k', 'along the chain', {}, { mandatory: true });
  channel.publish('a', 'nothing', 'round', {}, { mandatory: true });
  expect(names(channel)).toEqual(['basic.return']);
  expect(drain(channel, 'q')).toEqual(['along the chain']);
});

test('an exchange bound to it has found a place, wherever that leads', () => {
  const channel = withAlternate();
  declareExchange(channel, 'dead end', 'fanout');
  channel.call('exchange.bind', { source: 'x', destination: 'dead end', routingKey: 'k2' });
  channel.publish('x', 'k2', 'into the dead end');
  expect(drain(channel, 'spare')).toEqual([]);
});

test('its name must be text [EXC-05]', () => {
  expect(refusal(() => declareExchange(fixture().open(), 'x', 'direct', { 'alternate-exchange': 5 })))
    .toMatch(/^406 PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x'/);
});
