import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import {
  bind, consume, counts, declareExchange, declareQueue, deliveries, drain, get, nack, publishAll, refusal,
} from '../support/steps.ts';
import type { Received, TestChannel } from '../support/test-client.ts';

const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

/** A broker with the queues q, which sends its dead to the queue dead. */
function cemetery(table: FieldTable = {}): Fixture & { channel: TestChannel } {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'dead');
  declareQueue(channel, 'q', { ...toDead, ...table });
  return { ...made, channel };
}

const headersOf = (message: Received<'basic.get-ok'> | undefined): FieldTable => message!.properties!.headers!;
const deathsOf = (message: Received<'basic.get-ok'> | undefined): FieldTable[] =>
  headersOf(message)['x-death'] as FieldTable[];

describe('reasons [QUE-19]', () => {
  const reasons: [reason: string, table: FieldTable, kill: (made: ReturnType<typeof cemetery>) => void][] = [
    ['rejected', {}, ({ channel }) => {
      get(channel, 'q', false);
      channel.send('basic.reject', { deliveryTag: 1, requeue: false });
    }],
    ['expired', { 'x-message-ttl': 10 }, ({ clock }) => clock.advanceBy(10)],
    ['maxlen', { 'x-max-length': 0 }, () => {}],
  ];
  test.each(reasons)('%s', (reason, table, kill) => {
    const made = cemetery(table);
    made.channel.publish('', 'q', 'body', { headers: { mine: 1 }, messageId: 'm' });
    kill(made);
    const dead = get(made.channel, 'dead');
    expect(dead).toMatchObject({ text: 'body', args: { exchange: '', routingKey: 'dead', redelivered: false } });
    expect(dead!.properties!.messageId).toBe('m');
    expect(headersOf(dead)).toMatchObject({
      mine: 1,
      'x-first-death-exchange': '', 'x-first-death-queue': 'q', 'x-first-death-reason': reason,
      'x-last-death-exchange': '', 'x-last-death-queue': 'q', 'x-last-death-reason': reason,
    });
    const [death] = deathsOf(dead);
    expect(death).toMatchObject({ reason, queue: 'q', exchange: '', 'routing-keys': ['q'] });
    expect(Number(death!['count'])).toBe(1);
  });

  test('what is acknowledged, purged or deleted is not dead', () => {
    const { channel } = cemetery();
    publishAll(channel, 'q', 'abc');
    get(channel, 'q', true);
    channel.call('queue.purge', { queue: 'q' });
    publishAll(channel, 'q', 'd');
    channel.call('queue.delete', { queue: 'q' });
    expect(drain(channel, 'dead')).toEqual([]);
  });
});

describe('x-death [QUE-21]', () => {
  test('tells of each death, the newest first, and counts those of one kind', () => {
    const { channel, clock } = cemetery({ 'x-message-ttl': 1000 });
    declareQueue(channel, 'retry', {
      'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q', 'x-message-ttl': 500,
    });
    channel.publish('', 'retry', 'body');
    clock.advanceBy(500);
    get(channel, 'q', false);
    clock.advanceBy(500);
    nack(channel, 1, false);
    const dead = get(channel, 'dead', false)!;
    expect(deathsOf(dead).map(({ queue, reason, count }) => [queue, reason, Number(count)])).toEqual([
      ['q', 'rejected', 1], ['retry', 'expired', 1],
    ]);
    expect(headersOf(dead)).toMatchObject({
      'x-first-death-queue': 'retry', 'x-first-death-reason': 'expired',
      'x-last-death-queue': 'q', 'x-last-death-reason': 'rejected',
    });
  });

  test('an entry that comes again moves to the front, its time stays that of the first death', () => {
    const { channel, clock, vhost } = cemetery();
    declareQueue(channel, 'loop', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'loop' });
    const started = clock.wall();
    channel.publish('', 'loop', 'body');
    for (let i = 1; i <= 3; i++) {
      clock.advanceBy(5000);
      nack(channel, get(channel, 'loop', false)!.args.deliveryTag, false);
    }
    const last = get(channel, 'loop')!;
    const [death, ...others] = deathsOf(last);
    expect(others).toEqual([]);
    expect(Number(death!['count'])).toBe(3);
    expect(death!['time']).toEqual(new Date(started + 5000));
    expect(vhost.counters.deadLettered).toBe(3);
  });

  test('remembers the expiration that it takes away', () => {
    const { channel, clock } = cemetery();
    channel.publish('', 'q', 'body', { expiration: '250' });
    clock.advanceBy(250);
    const dead = get(channel, 'dead');
    expect(dead!.properties!.expiration).toBeUndefined();
    expect(deathsOf(dead)[0]!['original-expiration']).toBe('250');
  });

  test('what a client wrote there does not count [QUE-22]', () => {
    const { channel } = cemetery();
    const forged = [{ queue: 'q', reason: 'rejected', count: 41n, exchange: '', 'routing-keys': ['q'] }];
    channel.publish('', 'q', 'body', { headers: { 'x-death': forged, 'x-first-death-queue': 'forged' } });
    const got = get(channel, 'q', false)!;
    expect(deathsOf(got)).toMatchObject([{ queue: 'q', reason: 'rejected' }]);
    nack(channel, got.args.deliveryTag, false);
    const dead = get(channel, 'dead');
    expect(deathsOf(dead)).toHaveLength(1);
    expect(Number(deathsOf(dead)[0]!['count'])).toBe(1);
    expect(headersOf(dead)['x-first-death-queue']).toBe('q');
  });
});

describe('where the dead go [QUE-20]', () => {
  test('by their own key, and those of CC, where no other is set', () => {
    const { open } = fixture();
    const channel = open();
    declareExchange(channel, 'dlx', 'direct');
    for (const queue of ['first', 'copy']) {
      declareQueue(channel, `dead.${queue}`);
      bind(channel, 'dlx', `dead.${queue}`, queue);
    }
    declareQueue(channel, 'first', { 'x-dead-letter-exchange': 'dlx', 'x-max-length': 0 });
    channel.publish('', 'first', 'body', { headers: { CC: ['copy'] } });
    for (const queue of ['first', 'copy']) {
      const dead = get(channel, `dead.${queue}`);
      expect(dead).toMatchObject({ text: 'body', args: { exchange: 'dlx', routingKey: 'first' } });
      expect(deathsOf(dead)[0]!['routing-keys']).toEqual(['first', 'copy']);
    }
  });

  test('a key that is set replaces them all, and CC goes with them', () => {
    const { channel } = cemetery({ 'x-max-length': 0 });
    declareQueue(channel, 'copy');
    channel.publish('', 'q', 'body', { headers: { CC: ['other'], BCC: ['hidden'] } });
    const dead = get(channel, 'dead');
    expect(headersOf(dead)['CC']).toBeUndefined();
    expect(deathsOf(dead)[0]!['routing-keys']).toEqual(['q', 'other']);
  });

  test('an exchange that is not there takes them to nowhere; one that comes later is used', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-dead-letter-exchange': 'later', 'x-max-length': 0 });
    publishAll(channel, 'q', 'a');
    declareExchange(channel, 'later', 'fanout');
    declareQueue(channel, 'dead');
    bind(channel, 'later', 'dead');
    publishAll(channel, 'q', 'b');
    expect(drain(channel, 'dead')).toEqual(['b']);
  });

  test('a key without an exchange is refused [QUE-18]', () => {
    expect(refusal(() => declareQueue(fixture().open(), 'bad', { 'x-dead-letter-routing-key': 'k' })))
      .toBe("406 PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'bad' in vhost '/': " +
        'routing_key_but_no_dlx_defined (50.10)');
  });

  test('the order of the dead is kept', () => {
    const { channel, clock } = cemetery({ 'x-message-ttl': 10 });
    publishAll(channel, 'q', 'abcdef');
    clock.advanceBy(10);
    expect(drain(channel, 'dead')).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('a consumer of the dead gets them at once', () => {
    const { channel } = cemetery();
    consume(channel, 'dead');
    publishAll(channel, 'q', 'a');
    nack(channel, get(channel, 'q', false)!.args.deliveryTag, false);
    expect(deliveries(channel).map(({ text, args }) => [text, args.consumerTag])).toEqual([['a', 'dead']]);
  });
});

describe('circles [QUE-23]', () => {
  test('a message that only expires does not go round for ever', () => {
    const { open, clock } = fixture();
    const channel = open();
    for (const [queue, next] of [['a', 'b'], ['b', 'a']] as const) {
      declareQueue(channel, queue, {
        'x-message-ttl': 10, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': next,
      });
    }
    publishAll(channel, 'a', '1');
    clock.advanceBy(10);
    expect([counts(channel, 'a')[0], counts(channel, 'b')[0]]).toEqual([0, 1]);
    clock.advanceBy(10);
    expect([counts(channel, 'a')[0], counts(channel, 'b')[0]]).toEqual([0, 0]);
  });

  test('with a limit of 0 neither, in one turn', () => {
    const channel = fixture().open();
    declareQueue(channel, 'a', { 'x-max-length': 0, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'a' });
    publishAll(channel, 'a', '1');
    expect(counts(channel, 'a')).toEqual([0, 0]);
  });

  test('a rejection breaks the suspicion: the classic retry goes round as often as it likes', () => {
    const { channel, clock } = cemetery({ 'x-dead-letter-routing-key': 'retry' });
    declareQueue(channel, 'retry', {
      'x-message-ttl': 100, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q',
    });
    publishAll(channel, 'q', '1');
    for (let i = 1; i <= 5; i++) {
      nack(channel, get(channel, 'q', false)!.args.deliveryTag, false);
      clock.advanceBy(100);
    }
    expect(deathsOf(get(channel, 'q')).map(({ queue, reason, count }) => [queue, reason, Number(count)])).toEqual([
      ['retry', 'expired', 5], ['q', 'rejected', 5],
    ]);
  });

  test('only the queue in the circle is left out, others get the message', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareExchange(channel, 'dlx', 'fanout');
    declareQueue(channel, 'other');
    declareQueue(channel, 'q', { 'x-message-ttl': 10, 'x-dead-letter-exchange': 'dlx' });
    for (const queue of ['q', 'other']) bind(channel, 'dlx', queue);
    publishAll(channel, 'q', '1');
    clock.advanceBy(10);
    expect([counts(channel, 'q')[0], drain(channel, 'other')]).toEqual([0, ['1']]);
  });

  test('a long chain needs no stack, however long x-death grows', () => {
    const { vhost, clock } = fixture();
    const length = 700;
    for (let i = 0; i < length; i++) {
      vhost.declareQueue({ queue: `q${i}`, arguments: {
        'x-max-length': 0, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': `q${i + 1}`,
      } });
    }
    vhost.declareQueue({ queue: `q${length}` });
    vhost.exchange('').publish({ routingKey: 'q0', body: '' });
    const deaths: FieldTable[] = [];
    vhost.queue(`q${length}`).consume({ noAck: true }).subscribe(({ properties }) => {
      deaths.push(...properties.headers!['x-death'] as FieldTable[]);
    });
    clock.runUntilIdle();
    expect(deaths).toHaveLength(length);
    expect(deaths[0]!['queue']).toBe(`q${length - 1}`);
  });

  test('a message with all the headers there may be can die as well', () => {
    const { vhost } = fixture();
    vhost.declareQueue({ queue: 'dead' });
    const full = { ...toDead, 'x-max-length': 0 };
    vhost.declareQueue({ queue: 'dies', arguments: full });
    vhost.declareQueue({ queue: 'q', arguments: { ...full, 'x-dead-letter-routing-key': 'dies' } });
    const names = Array.from({ length: limits.fieldCountMax }, (_, i) => [`h${i}`, i]);
    const headers = Object.fromEntries(names) as FieldTable;
    vhost.exchange('').publish({ routingKey: 'q', body: '', properties: { headers } });
    let count = 0;
    vhost.queue('dead').consume({ noAck: true }).subscribe(({ properties }) => {
      count = Object.keys(properties.headers!).length;
    });
    // x-death, and three each of the first and the last one.
    expect(count).toBe(limits.fieldCountMax + 7);
  });
});
