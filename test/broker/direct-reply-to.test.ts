import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  consume, counts, declareQueue, deliveries, describeError, get, names, only, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const REPLY_TO = 'amq.rabbitmq.reply-to';

/** Asks over the queue rpc for a reply: answers the address that the request carries. */
function ask(requester: TestChannel, responder: TestChannel): string {
  declareQueue(responder, 'rpc');
  consume(requester, REPLY_TO, { noAck: true, consumerTag: 'replies' });
  requester.publish('', 'rpc', 'question', { replyTo: REPLY_TO, correlationId: '7' });
  return get(responder, 'rpc')!.properties!.replyTo!;
}

test('a reply goes straight to who asked [BAS-06] [basic.properties.replyTo]', () => {
  const { open } = fixture();
  const [requester, responder] = [open(), open()];
  const replyTo = ask(requester, responder);
  expect(replyTo).toMatch(/^amq\.rabbitmq\.reply-to\.[\w-]+/);
  responder.publish('', replyTo, 'answer', { correlationId: '7' });
  expect(deliveries(requester)).toEqual([{
    name: 'basic.deliver',
    args: { consumerTag: 'replies', deliveryTag: 1, redelivered: false, exchange: '', routingKey: replyTo },
    properties: { correlationId: '7' }, text: 'answer', body: new TextEncoder().encode('answer'),
  }]);
});

test('a large one too, cut to the frames that the requester takes', () => {
  const { open } = fixture();
  const [requester, responder] = [open({ frameMax: 4096 }), open()];
  const body = 'x'.repeat(20_000);
  responder.publish('', ask(requester, responder), body);
  expect(texts(requester)).toEqual([body]);
});

test('who is gone gets nothing: the reply is unroutable', () => {
  const { open } = fixture();
  const [requester, responder] = [open(), open()];
  const replyTo = ask(requester, responder);
  requester.call('basic.cancel', { consumerTag: 'replies' });
  responder.publish('', replyTo, 'answer', {}, { mandatory: true });
  expect(only(responder, 'basic.return')).toMatchObject([{ args: { replyCode: 312 } }]);
  expect(texts(requester)).toEqual([]);
});

test('an address can be asked for by a declaration, which makes nothing', () => {
  const { open, vhost } = fixture();
  const [requester, responder] = [open(), open()];
  const replyTo = ask(requester, responder);
  expect(counts(responder, replyTo)).toEqual([0, 1]);
  expect(declareQueue(responder, REPLY_TO)).toEqual({ queue: REPLY_TO, messageCount: 0, consumerCount: 1 });
  requester.close();
  expect(refusal(() => counts(responder, replyTo)))
    .toBe(`404 NOT_FOUND - no queue '${replyTo}' in vhost '/' (50.10)`);
  expect([...vhost.queues.keys()]).toEqual(['rpc']);
});

describe('a consumer of replies', () => {
  test('cannot acknowledge', () => {
    expect(refusal(() => consume(fixture().open(), REPLY_TO)))
      .toBe('406 PRECONDITION_FAILED - reply consumer cannot acknowledge (60.20)');
  });

  test('is one of its kind on a channel; after a cancel there may be another', () => {
    const channel = fixture().open();
    const replies = { noAck: true, consumerTag: 'a' };
    consume(channel, REPLY_TO, replies);
    channel.call('basic.cancel', { consumerTag: 'a' });
    consume(channel, REPLY_TO, replies);
    expect(refusal(() => consume(channel, REPLY_TO, { noAck: true, consumerTag: 'b' })))
      .toBe('406 PRECONDITION_FAILED - reply consumer already set (60.20)');
  });

  test('must be there before a request goes out', () => {
    const channel = fixture().open();
    channel.publish('', 'rpc', '', { replyTo: REPLY_TO });
    expect(describeError(channel.closed))
      .toBe('406 PRECONDITION_FAILED - fast reply consumer does not exist (60.40)');
  });
});

test('any other reply-to is the client\'s own business', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.publish('', 'q', '', { replyTo: 'my.queue' });
  expect(get(channel, 'q')!.properties).toEqual({ replyTo: 'my.queue' });
  expect(names(channel)).not.toContain('channel.close');
});
