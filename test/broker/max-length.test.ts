import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareQueue, drain, get, nack, names, publishAll, qos, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

/** A channel in confirm mode with the queues q, of these arguments, and dead. */
function limited(table: FieldTable): TestChannel {
  const channel = fixture().open();
  declareQueue(channel, 'dead');
  declareQueue(channel, 'q', { ...toDead, ...table });
  channel.call('confirm.select');
  channel.take();
  return channel;
}

describe('drop-head', () => {
  test.each([{}, { 'x-overflow': 'drop-head' }])('the oldest goes, to the dead letters: %o [QUE-17]', (table) => {
    const channel = limited({ 'x-max-length': 2, ...table });
    publishAll(channel, 'q', 'abcd');
    expect(names(channel)).toEqual(['basic.ack', 'basic.ack', 'basic.ack', 'basic.ack']);
    expect([drain(channel, 'q'), drain(channel, 'dead')]).toEqual([['c', 'd'], ['a', 'b']]);
  });

  test('octets of bodies count as well [queue.declare.arguments.x-max-length-bytes]', () => {
    const channel = limited({ 'x-max-length-bytes': 10 });
    for (const body of ['aaaaaa', 'bbbb', 'c', '', 'more than ten octets', 'd']) channel.publish('', 'q', body);
    expect([drain(channel, 'q'), drain(channel, 'dead')])
      .toEqual([['d'], ['aaaaaa', 'bbbb', 'c', '', 'more than ten octets']]);
  });

  test('unacknowledged messages do not count; given back, they do', () => {
    const channel = limited({ 'x-max-length': 2 });
    publishAll(channel, 'q', 'ab');
    get(channel, 'q', false);
    publishAll(channel, 'q', 'c');
    expect(counts(channel, 'dead')).toEqual([0, 0]);
    nack(channel, 1);
    expect([drain(channel, 'q'), drain(channel, 'dead')]).toEqual([['b', 'c'], ['a']]);
  });

  test('who takes messages at once makes room', () => {
    const channel = limited({ 'x-max-length': 1 });
    consume(channel, 'q', { noAck: true });
    publishAll(channel, 'q', 'abc');
    expect([texts(channel), drain(channel, 'dead')]).toEqual([['a', 'b', 'c'], []]);
  });

  test('the lowest priority goes last: what is at the head goes', () => {
    const channel = limited({ 'x-max-length': 2, 'x-max-priority': 5 });
    channel.publish('', 'q', 'low', { priority: 1 });
    channel.publish('', 'q', 'high', { priority: 5 });
    channel.publish('', 'q', 'middle', { priority: 3 });
    expect([drain(channel, 'q'), drain(channel, 'dead')]).toEqual([['middle', 'low'], ['high']]);
  });
});

describe('reject-publish [queue.declare.arguments.x-overflow]', () => {
  test('the new one is refused with a nack and is no dead letter', () => {
    const channel = limited({ 'x-max-length': 2, 'x-overflow': 'reject-publish' });
    publishAll(channel, 'q', 'abc');
    expect(names(channel)).toEqual(['basic.ack', 'basic.ack', 'basic.nack']);
    expect([drain(channel, 'q'), drain(channel, 'dead')]).toEqual([['a', 'b'], []]);
  });

  test('without confirms it is dropped in silence', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    publishAll(channel, 'q', 'ab');
    expect(drain(channel, 'q')).toEqual(['a']);
  });

  test('a message is weighed before it is taken', () => {
    const channel = limited({ 'x-max-length-bytes': 10, 'x-overflow': 'reject-publish' });
    for (const body of ['666666', '666666', '4444', '1', '']) channel.publish('', 'q', body);
    expect(names(channel)).toEqual(['basic.ack', 'basic.nack', 'basic.ack', 'basic.nack', 'basic.ack']);
    expect(drain(channel, 'q')).toEqual(['666666', '4444', '']);
  });

  test('there is room again once messages were taken', () => {
    const channel = limited({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    qos(channel, 1);
    consume(channel, 'q');
    channel.take();
    publishAll(channel, 'q', 'abc');
    ack(channel, 1);
    publishAll(channel, 'q', 'd');
    const confirmed = names(channel).filter((name) => name !== 'basic.deliver');
    expect(confirmed).toEqual(['basic.ack', 'basic.ack', 'basic.nack', 'basic.ack']);
    expect(texts(channel)).toEqual(['a', 'b']);
  });
});

test('reject-publish-dlx refuses the new one and sends it to the dead letters', () => {
  const channel = limited({ 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' });
  publishAll(channel, 'q', 'ab');
  expect(names(channel)).toEqual(['basic.ack', 'basic.nack']);
  expect(drain(channel, 'q')).toEqual(['a']);
  const dead = get(channel, 'dead')!;
  expect(dead.text).toBe('b');
  expect(dead.properties!.headers!['x-first-death-reason']).toBe('maxlen');
});

test.each([
  [{ 'x-overflow': 'drop-tail' }, "'x-overflow' for queue 'bad' in vhost '/': invalid_overflow"],
  [{ 'x-max-length': -1 }, "'x-max-length' for queue 'bad' in vhost '/': {value_negative,-1}"],
])('%o is refused', (table, text) => {
  expect(refusal(() => declareQueue(fixture().open(), 'bad', table)))
    .toBe(`406 PRECONDITION_FAILED - invalid arg ${text} (50.10)`);
});
