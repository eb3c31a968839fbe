import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture } from '../support/fixture.ts';
import { ack, bind, consume, counts, declareQueue, deliveries, get, names, only, refusal } from '../support/steps.ts';

const locked = "405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be " +
  'originally declared on another connection or the exclusive property value does not match that of the original ' +
  'declaration.';

describe('queue.declare', () => {
  test('answers with name and counts: what waits and who consumes, not what is unacknowledged', () => {
    const channel = fixture().open();
    expect(declareQueue(channel, 'q')).toEqual({ queue: 'q', messageCount: 0, consumerCount: 0 });
    for (const body of ['a', 'b', 'c']) channel.publish('', 'q', body);
    get(channel, 'q', false);
    expect(declareQueue(channel, 'q')).toEqual({ queue: 'q', messageCount: 2, consumerCount: 0 });
    consume(channel, 'q');
    expect(counts(channel, 'q')).toEqual([0, 1]);
  });

  test('makes a name where none is given, another each time [QUE-01]', () => {
    const channel = fixture().open();
    const made = [declareQueue(channel, '').queue, declareQueue(channel, '').queue];
    expect(made[0]).toMatch(/^amq\.gen-[\w-]{22}$/);
    expect(made[1]).toMatch(/^amq\.gen-[\w-]{22}$/);
    expect(made[0]).not.toBe(made[1]);
  });

  test('an empty name stands for the queue that the channel declared last [QUE-03]', () => {
    const { open } = fixture();
    const [channel, other] = [open(), open()];
    declareQueue(channel, 'q');
    channel.call('queue.bind', { exchange: 'amq.direct' });
    channel.publish('amq.direct', 'q', 'by the name of the queue');
    expect(get(channel, '')!.text).toBe('by the name of the queue');
    expect(channel.call('queue.purge', { queue: '' }).messageCount).toBe(0);
    expect(channel.call('queue.delete', { queue: '' }).messageCount).toBe(0);
    expect(refusal(() => get(other, ''))).toBe('404 NOT_FOUND - no previously declared queue (60.70)');
  });

  test('answers nothing when told not to [queue.declare.noWait]', () => {
    const channel = fixture().open();
    channel.send('queue.declare', { queue: 'q', noWait: true });
    expect(names(channel)).toEqual(['channel.open-ok']);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('takes line ends out of the name', () => {
    const channel = fixture().open();
    expect(declareQueue(channel, 'a\r\nb').queue).toBe('ab');
  });

  test('passive: 404 where there is none, and no other argument counts [queue.declare.passive]', () => {
    const { open } = fixture();
    const missing = refusal(() => open().call('queue.declare', { queue: 'q', passive: true }));
    expect(missing).toBe("404 NOT_FOUND - no queue 'q' in vhost '/' (50.10)");
    const channel = open();
    declareQueue(channel, 'q');
    const args = { queue: 'q', passive: true, durable: true, autoDelete: true, arguments: { 'x-max-length': 1 } };
    expect(channel.call('queue.declare', args)).toEqual({ queue: 'q', messageCount: 0, consumerCount: 0 });
  });

  test('names that begin with amq. are ours', () => {
    expect(refusal(() => declareQueue(fixture().open(), 'amq.mine')))
      .toBe("403 ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*' (50.10)");
  });
});

describe('a queue declared again', () => {
  const differences: [text: string, flags: object, table: FieldTable][] = [
    ["'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'", { durable: true }, {}],
    ["'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'", { autoDelete: true }, {}],
    ["'x-max-length' for queue 'q' in vhost '/': received none but current is the value '5' of type 'signedint'",
      {}, {}],
    ["'x-max-length' for queue 'q' in vhost '/': received '6' but current is '5'", {}, { 'x-max-length': 6 }],
  ];
  test.each(differences)('is refused where it differs: %s [QUE-05]', (text, flags, table) => {
    const channel = fixture().open();
    declareQueue(channel, 'q', { 'x-max-length': 5 });
    expect(refusal(() => declareQueue(channel, 'q', table, flags)))
      .toBe(`406 PRECONDITION_FAILED - inequivalent arg ${text} (50.10)`);
  });

  test('is the same whatever the width of a number, and with the type left out', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q', { 'x-max-length': 5, 'x-anything': 'goes' });
    const again = { 'x-max-length': 5n, 'x-queue-type': 'classic' };
    expect(declareQueue(channel, 'q', again).queue).toBe('q');
  });

  test('exclusivity is compared before all else', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q', {}, { durable: true });
    expect(refusal(() => declareQueue(channel, 'q', {}, { exclusive: true }))).toBe(`${locked} (50.10)`);
  });
});

describe('an exclusive queue [QUE-06]', () => {
  test('is for its connection alone, but everybody may publish to it', () => {
    const { open } = fixture();
    const owner = open();
    declareQueue(owner, 'q', {}, { exclusive: true });
    bind(owner, 'amq.fanout', 'q');
    const uses: [string, () => unknown][] = [
      ['50.10', () => declareQueue(open(), 'q', {}, { exclusive: true })],
      ['50.10', () => counts(open(), 'q')],
      ['50.20', () => open().call('queue.bind', { queue: 'q', exchange: 'amq.fanout' })],
      ['50.50', () => open().call('queue.unbind', { queue: 'q', exchange: 'amq.fanout' })],
      ['50.30', () => open().call('queue.purge', { queue: 'q' })],
      ['50.40', () => open().call('queue.delete', { queue: 'q' })],
      ['60.20', () => consume(open(), 'q')],
      ['60.70', () => get(open(), 'q')],
    ];
    for (const [method, use] of uses) expect(refusal(use)).toBe(`${locked} (${method})`);
    open().publish('', 'q', 'from outside');
    expect(get(owner.client.channel(), 'q')!.text).toBe('from outside');
  });

  test.each<['close' | 'drop']>([['close'], ['drop']])('goes with its connection: %s', (way) => {
    const { open, vhost } = fixture();
    const owner = open();
    declareQueue(owner, 'q', {}, { exclusive: true, durable: true });
    owner.close();
    expect(vhost.queues.has('q')).toBe(true);
    owner.client[way]();
    expect(vhost.queues.has('q')).toBe(false);
  });

  test('is never durable, so that it may be declared again either way', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q', {}, { exclusive: true, durable: true });
    expect(declareQueue(channel, 'q', {}, { exclusive: true }).queue).toBe('q');
  });
});

describe('an auto-delete queue [QUE-07]', () => {
  test('goes with its last consumer, however that goes', () => {
    const { open, vhost } = fixture();
    const ways: ((channel: ReturnType<typeof open>) => void)[] = [
      (channel) => channel.call('basic.cancel', { consumerTag: 'q' }),
      (channel) => channel.close(),
      (channel) => channel.client.drop(),
    ];
    for (const leave of ways) {
      const channel = open();
      declareQueue(channel, 'q', {}, { autoDelete: true });
      consume(channel, 'q');
      consume(channel, 'q', { consumerTag: 'second' });
      channel.call('basic.cancel', { consumerTag: 'second' });
      expect(vhost.queues.has('q')).toBe(true);
      leave(channel);
      expect(vhost.queues.has('q')).toBe(false);
    }
  });

  test('stays while nobody consumed it', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 'q', {}, { autoDelete: true });
    get(channel, 'q');
    channel.client.close();
    expect(vhost.queues.has('q')).toBe(true);
  });
});

describe('queue.delete', () => {
  test('answers with what waited; consumers are told, and later acknowledgements harm nobody [QUE-11]', () => {
    const { open } = fixture();
    const [channel, consumer] = [open(), open()];
    declareQueue(channel, 'q');
    consumer.call('basic.qos', { prefetchCount: 1 });
    consume(consumer, 'q');
    for (const body of ['a', 'b', 'c']) channel.publish('', 'q', body);
    expect(channel.call('queue.delete', { queue: 'q' })).toEqual({ messageCount: 2 });
    expect(only(consumer, 'basic.cancel').map(({ args }) => args)).toEqual([{ consumerTag: 'q', noWait: true }]);
    ack(consumer, deliveries(consumer)[0]!.args.deliveryTag);
    expect(consumer.closed).toBeUndefined();
    expect(channel.call('queue.delete', { queue: 'q' })).toEqual({ messageCount: 0 });
  });

  test('a client that cannot hear of it is not told [BAS-16]', () => {
    const { open } = fixture();
    const [channel, consumer] = [open(), open({ capabilities: {} })];
    declareQueue(channel, 'q');
    consume(consumer, 'q');
    channel.call('queue.delete', { queue: 'q' });
    expect(only(consumer, 'basic.cancel')).toEqual([]);
  });

  test('if-unused and if-empty keep it [queue.delete.ifUnused] [queue.delete.ifEmpty]', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    channel.publish('', 'q', 'waits');
    expect(refusal(() => open().call('queue.delete', { queue: 'q', ifEmpty: true })))
      .toBe("406 PRECONDITION_FAILED - queue 'q' in vhost '/' not empty (50.40)");
    expect(channel.call('queue.delete', { queue: 'q', ifUnused: true })).toEqual({ messageCount: 1 });
    declareQueue(channel, 'q');
    consume(channel, 'q');
    expect(refusal(() => open().call('queue.delete', { queue: 'q', ifUnused: true })))
      .toBe("406 PRECONDITION_FAILED - queue 'q' in vhost '/' in use (50.40)");
    expect(channel.call('queue.delete', { queue: 'q', ifEmpty: true })).toEqual({ messageCount: 0 });
  });
});

test('queue.purge drops what waits and leaves what is unacknowledged [QUE-10]', () => {
  const { open } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  for (const body of ['a', 'b', 'c']) channel.publish('', 'q', body);
  const held = get(channel, 'q', false)!;
  expect(channel.call('queue.purge', { queue: 'q' })).toEqual({ messageCount: 2 });
  channel.send('basic.reject', { deliveryTag: held.args.deliveryTag, requeue: true });
  expect(get(channel, 'q')!.text).toBe('a');
  expect(refusal(() => open().call('queue.purge', { queue: 'none' })))
    .toBe("404 NOT_FOUND - no queue 'none' in vhost '/' (50.30)");
});

test('methods that ask for no answer get none', () => {
  const channel = fixture().open();
  const quiet = { queue: 'q', noWait: true };
  channel.send('queue.declare', quiet);
  channel.send('queue.bind', { ...quiet, exchange: 'amq.fanout' });
  channel.send('basic.consume', { ...quiet, consumerTag: 't' });
  channel.send('basic.cancel', { consumerTag: 't', noWait: true });
  channel.send('queue.purge', quiet);
  channel.send('queue.delete', quiet);
  expect(names(channel)).toEqual(['channel.open-ok']);
});
