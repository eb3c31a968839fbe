import { expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { bind, counts, declareExchange, declareQueue, names, only } from '../support/steps.ts';

const mandatory = { mandatory: true };

test('a mandatory message that no queue takes comes back [BAS-02] [basic.return] [basic.publish.mandatory]', () => {
  const channel = fixture().open();
  const properties = { correlationId: 'c', headers: { CC: ['also nowhere'], n: 1 } };
  channel.publish('amq.direct', 'nowhere', 'body', properties, mandatory);
  expect(only(channel, 'basic.return')).toEqual([{
    name: 'basic.return',
    args: { replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.direct', routingKey: 'nowhere' },
    properties, text: 'body', body: new TextEncoder().encode('body'),
  }]);
});

test('one that is not mandatory is dropped, one that a queue takes is not returned', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.take();
  channel.publish('amq.direct', 'nowhere', 'dropped');
  channel.publish('', 'q', 'taken', {}, mandatory);
  expect(names(channel)).toEqual([]);
  expect(counts(channel, 'q')).toEqual([1, 0]);
});

test('a queue that refuses has been found: there is a nack and no return', () => {
  const channel = fixture().open();
  declareQueue(channel, 'full', { 'x-max-length': 0, 'x-overflow': 'reject-publish' });
  channel.call('confirm.select');
  channel.take();
  channel.publish('', 'full', 'refused', {}, mandatory);
  expect(names(channel)).toEqual(['basic.nack']);
});

test('exchanges that lead nowhere are no place to go', () => {
  const channel = fixture().open();
  declareExchange(channel, 'x', 'fanout');
  declareExchange(channel, 'y', 'fanout');
  channel.call('exchange.bind', { source: 'x', destination: 'y' });
  channel.publish('x', '', '', {}, mandatory);
  expect(only(channel, 'basic.return')).toHaveLength(1);
  declareQueue(channel, 'q');
  bind(channel, 'y', 'q');
  channel.publish('x', '', '', {}, mandatory);
  expect(only(channel, 'basic.return')).toHaveLength(1);
});

test('what an exchange holds back has its place', () => {
  const channel = fixture().open();
  declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': 'fanout' });
  channel.take();
  channel.publish('later', '', '', { headers: { 'x-delay': 10 } }, mandatory);
  expect(names(channel)).toEqual([]);
});

test('a body larger than a frame comes back in one piece', () => {
  const channel = fixture().open({ frameMax: 4096 });
  const body = 'x'.repeat(10_000);
  channel.publish('', 'nowhere', body, {}, mandatory);
  expect(only(channel, 'basic.return')[0]!.text).toBe(body);
});
