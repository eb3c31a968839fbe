import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import { fixture, text } from '../support/fixture.ts';
import { consume, counts, declareQueue, get, names, publishAll, publishTogether, texts } from '../support/steps.ts';

describe('fairness', () => {
  test('a long queue lets others come first after a part of it', () => {
    const turnWork = 1000;
    const { vhost, clock } = fixture({ turnWork });
    const got: string[] = [];
    for (const queue of ['long', 'short']) vhost.declareQueue({ queue });
    const count = turnWork + 100;
    for (let i = 0; i < count; i++) vhost.exchange('').publish({ routingKey: 'long', body: 'long' });
    vhost.exchange('').publish({ routingKey: 'short', body: 'short' });
    for (const queue of ['long', 'short']) {
      vhost.queue(queue).consume({ noAck: true }).subscribe(({ body }) => got.push(text(body)));
    }
    clock.runUntilIdle();
    expect(got).toHaveLength(count + 1);
    expect(got.indexOf('short')).toBeLessThan(turnWork);
  });

  test('who acknowledges at once does not keep a queue to itself', () => {
    const { vhost, clock } = fixture();
    const queue = vhost.declareQueue({ queue: 'q' });
    for (let i = 0; i < 100; i++) vhost.exchange('').publish({ routingKey: 'q', body: '' });
    const shares = [0, 0];
    shares.forEach((_, i) => queue.consume({ prefetch: 1 }).subscribe((message) => {
      shares[i]!++;
      clock.defer(() => message.ack());
    }));
    clock.runUntilIdle();
    expect(shares).toEqual([50, 50]);
  });
});

describe('a consumer that does not read', () => {
  test('stops its own deliveries, so that the queue keeps what would fill memory', () => {
    const { open, vhost } = fixture();
    const [publisher, consumer] = [open(), open()];
    declareQueue(publisher, 'q');
    consume(consumer, 'q', { noAck: true });
    publishAll(publisher, 'q', 'ab');
    consumer.client.setReading(false);
    for (let i = 0; i < 100; i++) publisher.publish('', 'q', 'x'.repeat(1000));
    expect(vhost.queue('q').readyCount).toBe(100);
    consumer.client.setReading(true);
    expect(texts(consumer)).toHaveLength(102);
  });

  test('leaves the messages to others', () => {
    const { open } = fixture();
    const [publisher, deaf, other] = [open(), open(), open()];
    declareQueue(publisher, 'q');
    consume(deaf, 'q', { noAck: true });
    consume(other, 'q', { noAck: true });
    deaf.client.setReading(false);
    publishAll(publisher, 'q', 'abc');
    expect(texts(other)).toEqual(['a', 'b', 'c']);
  });

  test('nor may answers pile up for one who asks without end and does not read', () => {
    const { open, vhost } = fixture();
    const [publisher, deaf] = [open(), open()];
    declareQueue(publisher, 'q');
    publishAll(publisher, 'q', Array.from({ length: 300 }, () => 'x'.repeat(10_000)));
    const ask = (times: number): void => {
      for (let i = 0; i < times; i++) deaf.send('basic.get', { queue: 'q', noAck: true });
    };
    deaf.take();
    deaf.client.setReading(false);
    ask(300);
    const answered = 300 - vhost.queue('q').readyCount;
    expect(answered * 10_000).toBeGreaterThan(limits.unreadAnswerBytesMax / 2);
    expect(answered * 10_000).toBeLessThan(limits.unreadAnswerBytesMax * 1.1);
    // Others are answered, and so is whoever asked, as soon as it reads.
    expect(get(publisher, 'q')!.text).toHaveLength(10_000);
    deaf.client.setReading(true);
    expect(names(deaf)).toEqual([...Array.from({ length: 299 }, () => 'basic.get-ok'), 'basic.get-empty']);
  });
});

describe('within one chunk', () => {
  test('what is published is there for the method behind it', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    channel.take();
    const { session } = channel.client;
    publishTogether(channel, ['q', 'q']);
    session.send(1, 'queue.purge', { queue: 'q', noWait: false });
    publishTogether(channel, ['q']);
    expect(channel.take().map(({ args }) => args)).toEqual([{ messageCount: 2 }]);
    expect(counts(channel, 'q')).toEqual([1, 0]);
  });

  test('a violation in the middle undoes nothing before it, and nothing behind it is done', () => {
    const { open } = fixture();
    const [channel, other] = [open(), open()];
    declareQueue(channel, 'q');
    publishTogether(channel, ['q', 'q']);
    const { session } = channel.client;
    session.send(1, 'queue.declare', {
      queue: 'none', passive: true, durable: false, exclusive: false, autoDelete: false, noWait: false,
      arguments: {},
    });
    publishTogether(channel, ['q', 'q']);
    expect(channel.closed?.replyCode).toBe(404);
    expect(counts(other, 'q')).toEqual([2, 0]);
    expect(names(other)).not.toContain('channel.close');
  });
});
