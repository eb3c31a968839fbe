import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  bind, consume, counts, declareExchange, declareQueue, describeError, drain, get, nack, publishAll, qos, refusal,
  texts,
} from '../support/steps.ts';

const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

describe('x-message-ttl [QUE-14]', () => {
  test('a message waits that long and no longer [queue.declare.arguments.x-message-ttl]', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-message-ttl': 1000 });
    publishAll(channel, 'q', 'a');
    clock.advanceBy(600);
    publishAll(channel, 'q', 'b');
    clock.advanceBy(399);
    expect(counts(channel, 'q')).toEqual([2, 0]);
    clock.advanceBy(1);
    expect(counts(channel, 'q')).toEqual([1, 0]);
    clock.advanceBy(600);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('nobody need look: what is dead goes to the dead letters on time', () => {
    const { open, clock, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 'dead');
    declareQueue(channel, 'q', { 'x-message-ttl': 1000, ...toDead });
    publishAll(channel, 'q', 'ab');
    clock.advanceBy(1000);
    expect(vhost.queue('dead').readyCount).toBe(2);
  });

  test('0 is now or never: who waits gets it, else it is gone', () => {
    const { open, vhost } = fixture();
    const [channel, consumer] = [open(), open()];
    declareQueue(channel, 'q', { 'x-message-ttl': 0 });
    publishAll(channel, 'q', 'a');
    expect(vhost.queue('q').readyCount).toBe(0);
    qos(consumer, 1);
    consume(consumer, 'q');
    publishAll(channel, 'q', 'bc');
    expect(texts(consumer)).toEqual(['b']);
    expect(vhost.queue('q').readyCount).toBe(0);
  });

  test('what is unacknowledged does not expire; given back, it has the time that was left', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-message-ttl': 1000 });
    publishAll(channel, 'q', 'ab');
    get(channel, 'q', false);
    get(channel, 'q', false);
    clock.advanceBy(400);
    nack(channel, 1);
    clock.advanceBy(599);
    expect(counts(channel, 'q')).toEqual([1, 0]);
    clock.advanceBy(1);
    expect(counts(channel, 'q')).toEqual([0, 0]);
    nack(channel, 2);
    expect(get(channel, 'q')).toBeUndefined();
  });
});

describe('expiration of a message [QUE-15] [basic.properties.expiration]', () => {
  test('the shorter of its own time and that of the queue counts', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-message-ttl': 500 });
    channel.publish('', 'q', 'short', { expiration: '100' });
    channel.publish('', 'q', 'long', { expiration: '9000' });
    clock.advanceBy(100);
    expect(counts(channel, 'q')).toEqual([1, 0]);
    clock.advanceBy(400);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('a message expires at the head of its queue only', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    channel.publish('', 'q', 'head');
    channel.publish('', 'q', 'behind', { expiration: '50' });
    clock.advanceBy(1000);
    expect(counts(channel, 'q')).toEqual([2, 0]);
    expect(get(channel, 'q')!.text).toBe('head');
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('nor is it ever delivered too late', () => {
    const { open, clock } = fixture();
    const [channel, consumer] = [open(), open()];
    declareQueue(channel, 'q');
    channel.publish('', 'q', 'head');
    channel.publish('', 'q', 'behind', { expiration: '50' });
    channel.publish('', 'q', 'last');
    clock.advanceBy(51);
    consume(consumer, 'q');
    expect(texts(consumer)).toEqual(['head', 'last']);
  });

  test('one that comes before others of its queue goes before them', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-max-priority': 5 });
    channel.publish('', 'q', 'low', { expiration: '100' });
    channel.publish('', 'q', 'high', { expiration: '200', priority: 5 });
    clock.advanceBy(100);
    expect(counts(channel, 'q')).toEqual([2, 0]);
    clock.advanceBy(100);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test.each([
    ['soon', "invalid expiration 'soon': no_integer"],
    ['', "invalid expiration '': no_integer"],
    ['1.5', "invalid expiration '1.5': no_integer"],
    ['-1', "invalid expiration '-1': {value_negative,-1}"],
  ])('%o is refused', (expiration, text) => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    channel.publish('', 'q', '', { expiration });
    expect(describeError(channel.closed)).toMatch(`406 PRECONDITION_FAILED - ${text.slice(0, 20)}`);
    expect(channel.closed!.methodId).toBe(40);
  });

  test('counts after a delay, from then on, and for what a history replays', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': 'fanout' });
    declareExchange(channel, 'history', 'x-recent-history');
    declareQueue(channel, 'q');
    bind(channel, 'later', 'q');
    channel.publish('later', '', 'delayed', { expiration: '100', headers: { 'x-delay': 1000 } });
    clock.advanceBy(1099);
    expect(counts(channel, 'q')).toEqual([1, 0]);
    clock.advanceBy(1);
    expect(counts(channel, 'q')).toEqual([0, 0]);
    channel.publish('history', '', 'replayed', { expiration: '100' });
    bind(channel, 'history', 'q');
    expect(counts(channel, 'q')).toEqual([1, 0]);
    clock.advanceBy(100);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });
});

describe('x-expires [QUE-13]', () => {
  test('an unused queue goes, its messages are no dead letters [queue.declare.arguments.x-expires]', () => {
    const { open, clock, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 'dead');
    declareQueue(channel, 'q', { 'x-expires': 1000, ...toDead });
    publishAll(channel, 'q', 'a');
    clock.advanceBy(999);
    expect(vhost.queues.has('q')).toBe(true);
    clock.advanceBy(1);
    expect(vhost.queues.has('q')).toBe(false);
    expect(drain(channel, 'dead')).toEqual([]);
  });

  test('declaring it, passively too, and basic.get count as use; publishing does not', () => {
    const { open, clock, vhost } = fixture();
    const channel = open();
    const uses = [
      () => declareQueue(channel, 'q', { 'x-expires': 1000 }),
      () => counts(channel, 'q'),
      () => get(channel, 'q'),
    ];
    for (const use of uses) {
      use();
      clock.advanceBy(999);
      expect(vhost.queues.has('q')).toBe(true);
    }
    publishAll(channel, 'q', 'a');
    clock.advanceBy(1);
    expect(vhost.queues.has('q')).toBe(false);
  });

  test('it stays while it has a consumer, and counts from when the last one left', () => {
    const { open, clock, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-expires': 1000 });
    clock.advanceBy(500);
    consume(channel, 'q');
    clock.advanceBy(10_000);
    channel.call('basic.cancel', { consumerTag: 'q' });
    clock.advanceBy(999);
    expect(vhost.queues.has('q')).toBe(true);
    clock.advanceBy(1);
    expect(vhost.queues.has('q')).toBe(false);
  });

  test('0 is refused, ten years are not', () => {
    const { open } = fixture();
    expect(refusal(() => declareQueue(open(), 'q', { 'x-expires': 0 })))
      .toBe("406 PRECONDITION_FAILED - invalid arg 'x-expires' for queue 'q' in vhost '/': {value_zero,0} (50.10)");
    expect(declareQueue(open(), 'q', { 'x-expires': 315_360_000_000 }).queue).toBe('q');
  });
});
