/** Policies: which one applies, what it does to what is there, and why. */
import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture, text, type Fixture } from '../support/fixture.ts';
import { declareExchange, declareQueue, publishAll } from '../support/steps.ts';

function waiting({ vhost }: Fixture, queue: string): string[] {
  const bodies: string[] = [];
  vhost.queue(queue).forEachReady(({ body }) => bodies.push(text(body)));
  return bodies;
}

describe('on a queue that is there', () => {
  test('a shorter length drops what is too much, to its dead letters; lifted, it holds no more', () => {
    const made = fixture();
    const { vhost } = made;
    const channel = made.open();
    declareQueue(channel, 'dead');
    declareQueue(channel, 'q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
    publishAll(channel, 'q', ['1', '2', '3']);
    vhost.policies.set('short', { pattern: '^q$', definition: { 'max-length': 2 } });
    channel.client.run();
    expect([waiting(made, 'q'), waiting(made, 'dead')]).toEqual([['2', '3'], ['1']]);
    publishAll(channel, 'q', ['4']);
    expect(waiting(made, 'q')).toEqual(['3', '4']);
    vhost.policies.delete('short');
    publishAll(channel, 'q', ['5']);
    expect(waiting(made, 'q')).toEqual(['3', '4', '5']);
    expect(vhost.queue('q').effective).toBeUndefined();
  });

  test('octets are counted from the moment at which they are bounded', () => {
    const made = fixture();
    const channel = made.open();
    declareQueue(channel, 'q');
    publishAll(channel, 'q', ['11', '22', '33']);
    made.vhost.policies.set('small', { pattern: 'q', definition: { 'max-length-bytes': 4 } });
    channel.client.run();
    expect(waiting(made, 'q')).toEqual(['22', '33']);
    publishAll(channel, 'q', ['4']);
    expect(waiting(made, 'q')).toEqual(['33', '4']);
  });

  test('a time to live is for what comes from then on', () => {
    const made = fixture();
    const channel = made.open();
    declareQueue(channel, 'q');
    publishAll(channel, 'q', ['old']);
    made.vhost.policies.set('brief', { pattern: 'q', definition: { 'message-ttl': 100 } });
    publishAll(channel, 'q', ['new']);
    made.clock.advanceBy(200);
    expect(waiting(made, 'q')).toEqual(['old', 'new']);
    channel.call('basic.get', { queue: 'q', noAck: true });
    made.clock.advanceBy(1);
    expect(waiting(made, 'q')).toEqual([]);
  });

  test('an unused queue expires, counted from then on', () => {
    const made = fixture();
    declareQueue(made.open(), 'q');
    made.clock.advanceBy(500);
    made.vhost.policies.set('gone', { pattern: 'q', definition: { expires: 1000 } });
    made.clock.advanceBy(999);
    expect(made.vhost.queues.has('q')).toBe(true);
    made.clock.advanceBy(1);
    expect(made.vhost.queues.has('q')).toBe(false);
  });

  test('equivalence is that of the arguments, whatever policies say', () => {
    const made = fixture();
    made.vhost.policies.set('short', { pattern: '', definition: { 'max-length': 2 } });
    const channel = made.open();
    declareQueue(channel, 'q', { 'x-max-length': 9 });
    declareQueue(channel, 'q', { 'x-max-length': 9 });
    expect(made.vhost.queue('q').settings.maxLength).toBe(2);
  });
});

test('an alternate exchange comes and goes with a policy', () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'spare', 'fanout');
  declareQueue(channel, 'q');
  channel.call('queue.bind', { exchange: 'spare', queue: 'q' });
  channel.publish('amq.direct', 'k', 'lost');
  made.vhost.policies.set('spare', { pattern: '^amq[.]direct$', definition: { 'alternate-exchange': 'spare' } });
  channel.publish('amq.direct', 'k', 'kept');
  made.vhost.policies.delete('spare');
  channel.publish('amq.direct', 'k', 'lost');
  expect(waiting(made, 'q')).toEqual(['kept']);
});

describe('merging', () => {
  test.each<[string, FieldTable, Record<string, unknown>, Record<string, unknown>, string, unknown]>([
    ['the lower one of policy and argument', { 'x-max-length': 5 }, { 'max-length': 9 }, {}, 'maxLength', 5],
    ['the lower one of argument and policy', { 'x-max-length': 9 }, { 'max-length': 5 }, {}, 'maxLength', 5],
    ['the lower one of both policies', {}, { 'max-length': 9 }, { 'max-length': 5 }, 'maxLength', 5],
    ['the operator has no say where it is higher', {}, { expires: 5 }, { expires: 9 }, 'expires', 5],
    ['the argument for names', { 'x-dead-letter-exchange': 'a' }, { 'dead-letter-exchange': 'b' }, {},
      'deadLetterExchange', 'a'],
    ['the argument for the overflow', { 'x-overflow': 'reject-publish' }, { overflow: 'drop-head' }, {},
      'overflow', 'reject-publish'],
    ["the key of a policy beside an argument's exchange", { 'x-dead-letter-exchange': 'a' },
      { 'dead-letter-routing-key': 'k' }, {}, 'deadLetterRoutingKey', 'k'],
    ['a key without an exchange does nothing', {}, { 'dead-letter-routing-key': 'k' }, {},
      'deadLetterRoutingKey', undefined],
  ])('%s', (_name, table, policy, operator, key, value) => {
    const { vhost, open } = fixture();
    if (Object.keys(policy).length > 0) vhost.policies.set('p', { pattern: '', definition: policy });
    if (Object.keys(operator).length > 0) vhost.operatorPolicies.set('o', { pattern: '', definition: operator });
    declareQueue(open(), 'q', table);
    expect(vhost.queue('q').settings[key as 'expires']).toBe(value);
  });
});

test('one policy applies, alone: that of the highest priority which the queue can use', () => {
  const { vhost, open } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  declareQueue(channel, 's', { 'x-queue-type': 'stream' }, { durable: true });
  vhost.policies.set('low', { pattern: '', definition: { 'max-length-bytes': 7 } });
  vhost.policies.set('high', { pattern: '', definition: { 'max-length': 3 }, priority: 5 });
  vhost.policies.set('quorum', { pattern: '', definition: { 'delivery-limit': 3 }, priority: 9 });
  vhost.policies.set('elsewhere', { pattern: '^x', definition: { 'max-length': 1 }, priority: 9 });
  vhost.policies.set('exchanges', { pattern: '', applyTo: 'exchanges', definition: { 'max-length': 1 } });
  expect(vhost.queue('q').effective!.policy!.name).toBe('high');
  expect(vhost.queue('q').settings.maxLengthBytes).toBeUndefined();
  expect(vhost.queue('s').effective!.policy!.name).toBe('low');
  expect(vhost.queue('s').settings.retention!.maxBytes).toBe(7);
  const { policy } = vhost.appliedPolicies.explain(vhost.queue('q'));
  expect(Object.fromEntries(policy.unmatched.map(({ policy: name, reason }) => [name, reason]))).toEqual({
    quorum: 'its keys delivery-limit are not for queues of type classic',
    elsewhere: "its pattern '^x' does not match the name",
    exchanges: 'it applies to exchanges, and this is classic',
    low: "policy 'high' has a higher priority, and one policy applies alone",
  });
});

test('each value says where it comes from, and what it overrules', () => {
  const { vhost, open } = fixture();
  declareQueue(open(), 'q', { 'x-max-length': 9, 'x-overflow': 'reject-publish' });
  vhost.policies.set('p', { pattern: '', definition: { 'max-length': 5, 'overflow': 'drop-head' } });
  vhost.operatorPolicies.set('o', { pattern: '', definition: { 'max-length': 3 } });
  const { why } = vhost.appliedPolicies.explain(vhost.queue('q'));
  const found = Object.fromEntries(why.map(({ key, ...rest }) => [key, rest]));
  expect(found['max-length']).toEqual({
    value: 3, source: 'operator policy', policy: 'o',
    overruled: [{ value: 9, source: 'argument' }, { value: 5, source: 'policy', policy: 'p' }],
  });
  expect(found['overflow']).toEqual({
    value: 'reject-publish', source: 'argument',
    overruled: [{ value: 'drop-head', source: 'policy', policy: 'p' }],
  });
  expect(vhost.queue('q').effective!.definition).toEqual({ 'max-length': 3, 'overflow': 'drop-head' });
});
