/** The command line of the canvas. */
import { describe, expect, test } from 'vitest';
import { exchangeTypeNames } from '../../core/broker/exchange/types.ts';
import { orderForms, parseOrder } from '../../demo/screens/canvas/orders.ts';

describe('a line is understood', () => {
  test.each([
    ['queue q', { do: 'queue', name: 'q', flags: { durable: true, arguments: {} } }],
    ['  queue  q transient ttl=50 dlx=dead quorum', {
      do: 'queue', name: 'q', flags: {
        durable: false,
        arguments: { 'x-message-ttl': 50, 'x-dead-letter-exchange': 'dead', 'x-queue-type': 'quorum' },
      },
    }],
    ['queue q x-overflow=reject-publish', {
      do: 'queue', name: 'q', flags: { durable: true, arguments: { 'x-overflow': 'reject-publish' } },
    }],
    ['topic orders', { do: 'exchange', name: 'orders', type: 'topic', flags: { durable: true, arguments: {} } }],
    ['bind orders mail order.*', { do: 'bind', source: 'orders', destination: 'mail', key: 'order.*' }],
    ['unbind orders mail order.*', { do: 'unbind', source: 'orders', destination: 'mail', key: 'order.*' }],
    ['publish - mail two words', { do: 'publish', exchange: '', key: 'mail', body: 'two words' }],
    ['producer web orders order.new', { do: 'producer', name: 'web', exchange: 'orders', key: 'order.new' }],
    ['consumer packer mail', { do: 'consumer', name: 'packer', queue: 'mail' }],
    ['delete queue mail', { do: 'delete', name: 'mail', kind: 'queue' }],
    ['delete mail', { do: 'delete', name: 'mail', kind: undefined }],
  ])('%s', (line, order) => {
    expect(parseOrder(line)).toEqual(order);
  });
});

test.each(exchangeTypeNames)('a line makes an exchange of the type %s', (type) => {
  const flags = { durable: true, arguments: {} };
  expect(parseOrder(`${type} orders`)).toEqual({ do: 'exchange', name: 'orders', type, flags });
});

describe('what is wrong with a line is said', () => {
  test.each([
    ['', /queue orders/], ['queue', /NAME/], ['topic', /NAME/], ['bind x', /DESTINATION/],
    ['queue q tll=5', /“tll=5”/], ['frobnicate x', /“frobnicate”/], ['consumer c', /QUEUE/],
  ])('%s', (line, problem) => {
    expect(parseOrder(line)).toEqual({ problem: expect.stringMatching(problem) as unknown });
  });
});

test('every form that is shown is one that is understood', () => {
  for (const form of orderForms) {
    const line = form.replace('direct|fanout|topic|headers', 'fanout');
    expect(parseOrder(line), line).not.toHaveProperty('problem');
  }
});
