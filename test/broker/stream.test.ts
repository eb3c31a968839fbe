import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../core/index.ts';
import type { FieldTable, FieldValue, Properties } from '../../core/protocol/types.ts';
import { peek } from '../../core/management/messages.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import {
  ack, bind, consume, counts, declareQueue, deliveries, nack, names, publishAll, qos, refusal, texts, type Message,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const queue = 'queue \'s\' in vhost \'/\'';
const DAY_MS = 86_400_000;

interface Stream extends Fixture {
  readonly channel: TestChannel;
  /** Consumes on a channel of its own. */
  readonly read: (offset?: FieldValue, prefetch?: number, table?: FieldTable) => TestChannel;
}

/** A broker with the stream s, and these messages in it. */
function stream(bodies: Iterable<string> = '', table: FieldTable = {}): Stream {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 's', { 'x-queue-type': 'stream', ...table }, { durable: true });
  publishAll(channel, 's', bodies);
  const read: Stream['read'] = (offset, prefetch = 100, more = {}) => {
    const reader = made.open();
    qos(reader, prefetch);
    const where = offset === undefined ? {} : { 'x-stream-offset': offset };
    consume(reader, 's', { arguments: { ...where, ...more } });
    return reader;
  };
  return { ...made, channel, read };
}

const headersOf = ({ properties }: Message): FieldTable => properties?.headers ?? {};
/** A message a day; the last one is a day old. */
function publishDaily(channel: TestChannel, clock: VirtualClock): void {
  for (const body of 'abcd') {
    publishAll(channel, 's', body);
    clock.advanceBy(DAY_MS);
  }
}

const offsets = (channel: TestChannel): number[] =>
  deliveries(channel).map((each) => Number(headersOf(each)['x-stream-offset']));

describe('a stream keeps what was published [QUE-32]', () => {
  test('every consumer reads all of it, at a place of its own, and an ack takes nothing away', () => {
    const { channel, read } = stream('abc');
    const readers = [read('first'), read('first')];
    for (const reader of readers) {
      expect(texts(reader)).toEqual(['a', 'b', 'c']);
      expect(offsets(reader)).toEqual([0, 1, 2]);
      ack(reader, 0, true);
    }
    publishAll(channel, 's', 'd');
    for (const reader of readers) expect(texts(reader)).toEqual(['a', 'b', 'c', 'd']);
    expect(texts(read('first'))).toEqual(['a', 'b', 'c', 'd']);
    expect(counts(channel, 's')).toEqual([4, 3]);
  });

  test('no more goes out than the prefetch lets, and an ack lets more go out', () => {
    const { read } = stream('abcdef');
    const reader = read('first', 2);
    expect(texts(reader)).toEqual(['a', 'b']);
    ack(reader, 1);
    expect(texts(reader)).toEqual(['a', 'b', 'c']);
    ack(reader, 3, true);
    expect(offsets(reader)).toEqual([0, 1, 2, 3, 4]);
  });

  test('what was not acknowledged by a channel that ended is not redelivered to another', () => {
    const { read, vhost } = stream('abc');
    const gone = read('first');
    gone.client.close();
    expect(vhost.queue('s').unackedCount).toBe(0);
    const reader = read('first');
    expect(deliveries(reader).map(({ args }) => args.redelivered)).toEqual([false, false, false]);
  });

  test('basic.recover gives credit and nothing back', () => {
    const reader = stream('abc').read('first', 2);
    reader.call('basic.recover', { requeue: true });
    expect(texts(reader)).toEqual(['a', 'b', 'c']);
  });

  test('a consumer that was cancelled gets no more, and leaves the others alone', () => {
    const { channel, read } = stream('a');
    const [cancelled, other] = [read('first'), read('first')];
    cancelled.call('basic.cancel', { consumerTag: 's' });
    publishAll(channel, 's', 'b');
    expect([texts(cancelled), texts(other)]).toEqual([['a'], ['a', 'b']]);
  });

  test('exclusive means nothing', () => {
    const { open, read } = stream('a');
    const reader = open();
    qos(reader, 1);
    consume(reader, 's', { exclusive: true, arguments: { 'x-stream-offset': 'first' } });
    expect([texts(reader), texts(read('first'))]).toEqual([['a'], ['a']]);
  });

  test('of time to live and priority nothing is taken notice', () => {
    const { channel, clock, read } = stream();
    channel.publish('', 's', 'low', { expiration: '1', priority: 0 });
    channel.publish('', 's', 'high', { priority: 9 });
    clock.advanceBy(DAY_MS);
    expect(texts(read('first'))).toEqual(['low', 'high']);
  });

  test('a long replay lets others have their turn', () => {
    const { channel, read } = stream();
    for (let i = 0; i < 9000; i++) channel.publish('', 's', `${i}`);
    const reader = read('first', 60_000);
    expect(offsets(reader)).toEqual([...Array(9000).keys()]);
  });

  test('a body of many frames comes whole', () => {
    const { channel, read } = stream();
    const body = 'x'.repeat(3_000_000);
    publishAll(channel, 's', [body, 'small']);
    expect(texts(read('first'))).toEqual([body, 'small']);
  });
});

describe('the header x-stream-offset [QUE-32]', () => {
  test.each<[string, Properties]>([
    ['none at all', {}],
    ['those before the headers', { contentType: 'text/plain', contentEncoding: 'gzip' }],
    ['those behind the headers', { deliveryMode: 2, priority: 3, messageId: 'm', appId: 'a' }],
    ['headers', { contentType: 'text/plain', headers: { a: 1, b: { c: 'd' } }, correlationId: 'c' }],
    ['empty headers', { headers: {}, type: 't' }],
  ])('is added to the properties, whatever they are: %s', (_what, properties) => {
    const { channel, read } = stream('0');
    channel.publish('', 's', 'x', properties);
    const [, received] = deliveries(read('first'));
    expect(received!.text).toBe('x');
    expect(received!.properties).toEqual(
      { ...properties, headers: { ...properties.headers, 'x-stream-offset': 1 } },
    );
  });

  test('is the stream\'s own, whatever the publisher says it is', () => {
    const { channel, read } = stream();
    channel.publish('', 's', 'x', { headers: { 'x-stream-offset': 77, other: true } });
    expect(deliveries(read('first')).map(headersOf)).toEqual([{ other: true, 'x-stream-offset': 0 }]);
  });

  test('stands beside CC, and not beside BCC [BAS-04]', () => {
    const { channel, read } = stream();
    channel.publish('', 'nowhere', 'x', { headers: { BCC: ['s'], CC: ['t'] } });
    expect(deliveries(read('first')).map(headersOf)).toEqual([{ CC: ['t'], 'x-stream-offset': 0 }]);
  });
});

describe('where a consumer begins [QUE-33]', () => {
  test.each<[string, FieldValue | undefined, string[]]>([
    ['first', 'first', ['a', 'b', 'c', 'd', 'new']],
    ['last: the last message that is there', 'last', ['d', 'new']],
    ['next', 'next', ['new']],
    ['next, where nothing is said', undefined, ['new']],
    ['a number', 2, ['c', 'd', 'new']],
    ['a long number', 3n, ['d', 'new']],
    ['a number beyond the end', 1000, ['new']],
    ['a number before the beginning', -2, ['a', 'b', 'c', 'd', 'new']],
    ['an interval', '2D', ['c', 'd', 'new']],
    ['a long interval', '1Y', ['a', 'b', 'c', 'd', 'new']],
  ])('%s', (_what, offset, expected) => {
    const { channel, clock, read } = stream();
    publishDaily(channel, clock);
    const reader = read(offset);
    publishAll(channel, 's', ['new']);
    expect(texts(reader)).toEqual(expected);
  });

  test.each<[string, number, string]>([
    ['a time', 1, 'bcd'],
    ['a time between two messages', 1.5, 'cd'],
    ['a time before all', -10, 'abcd'],
    ['a time after all', 10, ''],
  ])('%s', (_what, days, expected) => {
    const { channel, clock, read } = stream();
    const start = Math.floor(clock.wall() / 1000) * 1000;
    publishDaily(channel, clock);
    expect(texts(read(new Date(start + days * DAY_MS))).join('')).toBe(expected);
  });

  test.each<[FieldValue, string]>([
    ['1w', '{longstr,<<"1w">>}'],
    ['0s', '{longstr,<<"0s">>}'],
    ['soon', '{longstr,<<"soon">>}'],
    ['', '{longstr,<<>>}'],
    [true, '{bool,true}'],
    [1.5, '{double,1.5}'],
  ])('%s is no place', (offset, term) => {
    expect(refusal(() => stream().read(offset)))
      .toBe(`406 PRECONDITION_FAILED - invalid arg 'x-stream-offset' for ${queue}: ` +
        `{invalid_stream_offset_arg,${term}} (60.20)`);
  });
});

describe('a filter [QUE-34]', () => {
  const colours = (channel: TestChannel): void => {
    for (const colour of ['red', 'blue', undefined, 'red', 'green']) {
      const headers = colour === undefined ? {} : { 'x-stream-filter-value': colour };
      channel.publish('', 's', `${colour}`, { headers });
    }
  };

  test.each<[string, FieldTable, string[]]>([
    ['one value', { 'x-stream-filter': 'red' }, ['red', 'red']],
    ['some values', { 'x-stream-filter': ['red', 'green'] }, ['red', 'red', 'green']],
    ['what has none as well', { 'x-stream-filter': 'blue', 'x-stream-match-unfiltered': true }, ['blue', 'undefined']],
    ['nothing', { 'x-stream-filter': 'black' }, []],
    [
      'all, where there is no filter', { 'x-stream-match-unfiltered': true },
      ['red', 'blue', 'undefined', 'red', 'green'],
    ],
  ])('lets pass: %s', (_what, table, expected) => {
    const { channel, read } = stream();
    colours(channel);
    const [old, live] = [read('first', 100, table), read('next', 100, table)];
    colours(channel);
    expect(texts(old)).toEqual([...expected, ...expected]);
    expect(texts(live)).toEqual(expected);
  });

  test('what does not pass takes no credit', () => {
    const { channel, read } = stream();
    for (let i = 0; i < 10; i++) colours(channel);
    const reader = read('first', 1, { 'x-stream-filter': 'green' });
    expect(offsets(reader)).toEqual([4]);
    ack(reader, 1);
    expect(offsets(reader)).toEqual([4, 9]);
  });
});

describe('what a stream has not [QUE-32]', () => {
  test('a consumer without prefetch', () => {
    expect(refusal(() => stream().read('first', 0)))
      .toBe(`406 PRECONDITION_FAILED - consumer prefetch count is not set for '${queue}' (60.20)`);
  });

  test('a consumer that acknowledges nothing', () => {
    const reader = stream().open();
    qos(reader, 1);
    expect(refusal(() => consume(reader, 's', { noAck: true })))
      .toBe(`540 NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queues ${queue} (60.20)`);
  });

  test('a prefetch for the whole channel', () => {
    const reader = stream().open();
    qos(reader, 1);
    qos(reader, 1, true);
    expect(refusal(() => consume(reader, 's')))
      .toBe(`540 NOT_IMPLEMENTED - ${queue} does not support global qos (60.20)`);
  });

  test('basic.get [BAS-19]', () => {
    expect(refusal(() => stream('a').open().call('basic.get', { queue: 's' })))
      .toBe(`540 NOT_IMPLEMENTED - basic.get not supported by stream queues ${queue} (60.70)`);
  });

  test('queue.purge [QUE-10]', () => {
    expect(refusal(() => stream('a').open().call('queue.purge', { queue: 's' })))
      .toBe(`540 NOT_IMPLEMENTED - queue.purge not supported by stream queues ${queue} (50.30)`);
  });

  test.each([true, false])('basic.nack and basic.reject, requeue %s', (requeue) => {
    const { read, vhost } = stream('abc');
    const text = `540 NOT_IMPLEMENTED - basic.nack and basic.reject not supported by stream queues ${queue}`;
    const nacked = read('first');
    nack(nacked, 2, requeue, true);
    const rejected = read('first');
    rejected.send('basic.reject', { deliveryTag: 1, requeue });
    expect(nacked.client.closed?.replyText).toBe(text.slice(4));
    expect(rejected.client.closed?.replyText).toBe(text.slice(4));
    expect(vhost.queue('s').unackedCount).toBe(0);
  });

  test('x-priority for a consumer', () => {
    expect(refusal(() => stream().read('first', 1, { 'x-priority': 1 })))
      .toBe(`406 PRECONDITION_FAILED - invalid arg 'x-priority' for ${queue} ` +
        'of queue type rabbit_stream_queue (60.20)');
  });

  test('a consumer that is there at once for immediate [IMM-6]', () => {
    const { channel, read } = stream();
    read('next');
    channel.publish('', 's', 'x', {}, { immediate: true });
    expect(names(channel)).toContain('basic.return');
    expect(counts(channel, 's')[0]).toBe(0);
  });
});

describe('retention [QUE-31]', () => {
  const hundred = Array.from({ length: 100 }, (_each, index) => `${index}`.padEnd(100, '.'));

  test('by size: what is oldest goes, and a reader goes on with what is there', () => {
    const { channel, read } = stream(hundred.slice(0, 10), {
      'x-max-length-bytes': 4000, 'x-stream-max-segment-size-bytes': 1000,
    });
    const slow = read('first', 2);
    publishAll(channel, 's', hundred.slice(10));
    const [count] = counts(channel, 's');
    expect(count).toBeGreaterThan(10);
    expect(count * 100).toBeLessThan(4000);
    const kept = hundred.slice(100 - count);
    expect(texts(read('first'))).toEqual(kept);
    expect(texts(read(3))).toEqual(kept);
    expect(offsets(read('first'))[0]).toBe(100 - count);
    ack(slow, 0, true);
    expect(offsets(slow)).toEqual([0, 1, 100 - count, 101 - count]);
  });

  test('by size: a message that is larger than all that may be kept stays until the next one comes', () => {
    const { channel } = stream(hundred, { 'x-max-length-bytes': 50 });
    expect(counts(channel, 's')).toEqual([1, 0]);
  });

  test('by age, when it comes to that and not only with the next message', () => {
    const { channel, clock, read } = stream(hundred.slice(0, 20), {
      'x-max-age': '1h', 'x-stream-max-segment-size-bytes': 1000,
    });
    clock.advanceBy(1_800_000);
    publishAll(channel, 's', hundred.slice(20, 40));
    expect(counts(channel, 's')[0]).toBe(40);
    clock.advanceBy(1_800_000 + 1000);
    expect(counts(channel, 's')[0]).toBeLessThan(30);
    clock.advanceBy(DAY_MS);
    const left = texts(read('first'));
    expect(left.length).toBeGreaterThan(0);
    expect(left).toEqual(hundred.slice(40 - left.length, 40));
  });

  test('by age: a stream in which little happens begins a new segment in time', () => {
    const { channel, clock, read } = stream('ab', { 'x-max-age': '1s' });
    clock.advanceBy(2000);
    publishAll(channel, 's', 'c');
    expect(texts(read('first'))).toEqual(['c']);
  });
});

describe('the place of a stream among the other things', () => {
  test('deletion ends its consumers, whatever the conditions [QUE-11]', () => {
    const { channel, read } = stream('abc');
    const reader = read('first');
    expect(channel.call('queue.delete', { queue: 's', ifUnused: true, ifEmpty: true }).messageCount).toBe(3);
    expect(names(reader)).toContain('basic.cancel');
    ack(reader, 0, true);
    expect(reader.closed).toBeUndefined();
  });

  test('it is bound as any queue, and dead letters come to it [QUE-18]', () => {
    const { channel, read } = stream();
    bind(channel, 'amq.topic', 's', 'dead.#');
    declareQueue(channel, 'q', {
      'x-dead-letter-exchange': 'amq.topic', 'x-dead-letter-routing-key': 'dead.q', 'x-max-length': 0,
    });
    publishAll(channel, 'q', 'x');
    const [dead] = deliveries(read('first'));
    expect([dead!.text, dead!.args.routingKey]).toEqual(['x', 'dead.q']);
    expect(headersOf(dead!)).toMatchObject({ 'x-first-death-reason': 'maxlen', 'x-stream-offset': 0 });
  });

  test('publishes are confirmed, and in a transaction come with its commit [CNF-02] [TX-02]', () => {
    const { open, read } = stream();
    const [confirming, transactional, reader] = [open(), open(), read('first')];
    confirming.call('confirm.select');
    publishAll(confirming, 's', 'a');
    expect(names(confirming)).toContain('basic.ack');
    transactional.call('tx.select');
    publishAll(transactional, 's', 'bc');
    expect(texts(reader)).toEqual(['a']);
    transactional.call('tx.commit');
    expect(texts(reader)).toEqual(['a', 'b', 'c']);
  });

  test('in a transaction an ack gives credit with its commit [TX-03]', () => {
    const { read } = stream('ab');
    const reader = read('first', 1);
    reader.call('tx.select');
    ack(reader, 1);
    expect(texts(reader)).toEqual(['a']);
    reader.call('tx.commit');
    expect(texts(reader)).toEqual(['a', 'b']);
  });

  test('in process it is consumed as any queue', () => {
    const { vhost, clock } = stream('abc');
    const seen: string[] = [];
    vhost.queue('s').consume({ prefetch: 1, arguments: { 'x-stream-offset': 'first' } })
      .pipe(take(2))
      .subscribe((message) => {
        const offset = Number(message.properties.headers?.['x-stream-offset']);
        seen.push(`${offset} ${new TextDecoder().decode(message.body)}`);
        message.ack();
      });
    clock.runUntilIdle();
    expect(seen).toEqual(['0 a', '1 b']);
    expect(vhost.queue('s').unackedCount).toBe(0);
  });
});

test('a peek shows what waits, and what is out as long as it is there', async () => {
  const { broker, vhost, channel, read } = stream('abcd', { 'x-max-length-bytes': 1000 });
  read('first', 2);
  const shown = async (state: 'ready' | 'unacked'): Promise<string[]> =>
    (await peek(broker, vhost.queue('s'), { state })).map(({ payload }) => new TextDecoder().decode(payload));
  expect(await shown('ready')).toEqual(['a', 'b', 'c', 'd']);
  expect(await shown('unacked')).toEqual(['a', 'b']);
  publishAll(channel, 's', 'x'.repeat(100));
  expect(await shown('unacked')).toEqual([]);
});
