import { textOf } from '../../support/bytes.ts';
import type { Case } from '../session.ts';
import type { Outgoing } from '../wire.ts';
import {
  ack, cancel, consume, declareQueue, deleteQueue, delivered, exclusiveQueue, get, method, nack, noAck, on, openChannel,
  passive, publish, qos, quorumQueue, requeue, steps, take,
} from './vocabulary.ts';

const global = { global: true };
const singleActive = { 'x-single-active-consumer': true };
const recover = (requeued: boolean): Outgoing => method('basic.recover', { requeue: requeued });

const messages = (queue: string, count: number): Outgoing[] =>
  Array.from({ length: count }, (_, index) => publish('', queue, `m${index + 1}`));

/** Another connection deletes the queue, because brokers differ in what comes first, delete-ok or basic.cancel. */
const cancelNotify = (name: string, capabilities: boolean): Case => ({
  name,
  row: 'BAS-16 CON-05',
  async run(session) {
    const wire = await session.connect({ capabilities: { consumer_cancel_notify: capabilities } });
    const other = await session.connect();
    await wire.steps(declareQueue('p.q11'), consume('p.q11', 't'));
    await other.steps(deleteQueue('p.q11'));
    if (capabilities) await wire.received('basic.cancel');
    await wire.steps(declareQueue('p.q11'), passive('p.q11'));
    await wire.settle();
  },
});

/** Told in one line, because a delivery and the answer to a get may pass each other. */
const liftedPrefetch: Case = {
  name: 'qos global=false after qos global=true',
  row: 'BAS-26',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.q'), qos(1, global), qos(2), consume('p.q', 'a'), ...messages('p.q', 3));
    await wire.steps(delivered(1), take('p.q'));
    await wire.settle();
    const bodies = (name: string): string =>
      wire.arrivals.filter((arrival) => arrival.name === name).map(({ body }) => textOf(body!)).join(' ');
    session.lines.length = 0;
    session.note(`delivered ${bodies('basic.deliver')}, taken ${bodies('basic.get-ok')}`);
  },
};

const singleActiveHandover = steps(
  'QUE-25', 'SAC queue: the next consumer takes over on cancel, the older first', exclusiveQueue('p.sac', singleActive),
  ...['a', 'b', 'c'].map((tag) => consume('p.sac', tag)), publish('', 'p.sac', '1'), publish('', 'p.sac', '2'),
  delivered(2), cancel('a'), publish('', 'p.sac', '3'), delivered(3), cancel('b'), publish('', 'p.sac', '4'),
  delivered(4), take('p.sac'),
);

/** `take` proves each time that the limit left the next message in the queue. */
const prefetches: readonly Case[] = [
  steps('BAS-25', 'qos global=false: each consumer its own limit, an ack makes room', exclusiveQueue('p.q'),
    exclusiveQueue('p.r'), qos(1), consume('p.q', 'a'), qos(2), consume('p.r', 'b'), ...messages('p.q', 3),
    delivered(1),
    take('p.q'), ...messages('p.r', 4), delivered(3), take('p.r'), ack(1), delivered(4), take('p.q'), nack(3),
    delivered(5), take('p.r')),
  steps('TOP-5 BAS-26', 'qos global=true: one limit over the channel', exclusiveQueue('p.q'), qos(1, global),
    consume('p.q', 'a'), consume('p.q', 'b'), ...messages('p.q', 4), delivered(1), take('p.q'), ack(1), delivered(2),
    take('p.q'), take('p.q')),
  liftedPrefetch,
  steps('BAS-26', 'qos: both limits hold', exclusiveQueue('p.q'), exclusiveQueue('p.r'), qos(2), qos(3, global),
    consume('p.q', 'a'), ...messages('p.q', 4), delivered(2), take('p.q'), consume('p.r', 'b'), ...messages('p.r', 3),
    delivered(3), take('p.r'), take('p.r')),
];

const recovered = steps(
  'BAS-23', 'recover redelivery: redelivered flag + order', exclusiveQueue('p.q14'), ...messages('p.q14', 3), qos(2),
  consume('p.q14', 't'), delivered(2), recover(true), delivered(4), take('p.q14'),
);

const cancelled = steps(
  'BAS-17', 'cancel: the unacked messages stay unacked and can be acked', exclusiveQueue('p.q'), ...messages('p.q', 2),
  qos(1), consume('p.q', 't'), delivered(1), cancel('t'), take('p.q'), take('p.q'), ack(1), ack(1),
);

const connectionLost: Case = {
  name: 'the messages of a lost connection come back redelivered, in order',
  row: 'BAS-28',
  async run(session) {
    const wire = await session.connect();
    const lost = await session.connect();
    await wire.steps(declareQueue('p.q'), ...messages('p.q', 3));
    await wire.settle();
    await lost.steps(qos(2), consume('p.q', 't'));
    await lost.received('basic.deliver', 2);
    await lost.close();
    await wire.steps(consume('p.q', 'u'), delivered(3));
    await wire.settle();
  },
};

const qosCases: readonly Case[] = [
  steps('BAS-24', 'qos prefetch_size=1', qos(1, { 'prefetch-size': 1 })),
  steps('BAS-25', 'qos global=false applies to NEW consumers only', exclusiveQueue('p.q15'),
    consume('p.q15', 'old'), qos(1), ...messages('p.q15', 4), delivered(4)),
  ...prefetches,
  steps('BAS-25', 'basic.get does not count for the limit', exclusiveQueue('p.q'), ...messages('p.q', 3), qos(1),
    get('p.q'), get('p.q'), consume('p.q', 't'), delivered(1)),
  steps('BAS-25', 'a consumer with no-ack has no limit', exclusiveQueue('p.q'), qos(1),
    consume('p.q', 't', noAck), ...messages('p.q', 3), delivered(3)),
];

const orderCases: readonly Case[] = [
  steps('BAS-14', 'the consumer of higher x-priority comes first', exclusiveQueue('p.q'), qos(2),
    consume('p.q', 'low', {}, { 'x-priority': -1 }), consume('p.q', 'middle'),
    consume('p.q', 'high', {}, { 'x-priority': 10 }), ...messages('p.q', 4), delivered(4)),
  steps('BAS-14', 'consumers take turns', exclusiveQueue('p.q'), consume('p.q', 'a'), consume('p.q', 'b'),
    ...messages('p.q', 6), delivered(6)),
  steps('QUE-25', 'SAC queue: basic.get', exclusiveQueue('p.sac', singleActive), get('p.sac')),
  steps('QUE-25', 'SAC queue: basic.get from quorum', quorumQueue('p.sac', singleActive), get('p.sac')),
  steps('QUE-25', 'SAC queue: exclusive consume', exclusiveQueue('p.sac', singleActive),
    consume('p.sac', 't', { exclusive: true })),
  singleActiveHandover,
  steps('QUE-25', 'SAC queue: a higher priority does not displace', exclusiveQueue('p.sac', singleActive),
    consume('p.sac', 'a'), consume('p.sac', 'b', {}, { 'x-priority': 5 }), ...messages('p.sac', 1), delivered(1)),
];

export const consumeCases: readonly Case[] = [
  steps('BAS-09', 'consume missing queue', consume('nope-q')),
  steps('BAS-09', 'consume with a tag of the server', exclusiveQueue('p.q'), consume('p.q')),
  steps('BAS-09', 'consume duplicate tag', exclusiveQueue('p.q10'), consume('p.q10', 't'), consume('p.q10', 't')),
  steps('BAS-09', 'the same tag on two channels', exclusiveQueue('p.q10'), consume('p.q10', 't'), openChannel(2),
    on(2, consume('p.q10', 't'))),
  steps('BAS-09', 'the tag can be used again after cancel', exclusiveQueue('p.q10'), consume('p.q10', 't'), cancel('t'),
    consume('p.q10', 't')),
  steps('BAS-15', 'consume no-wait', exclusiveQueue('p.q'), consume('p.q', 't', { 'no-wait': true }),
    publish('', 'p.q'), delivered(1)),
  steps('BAS-15', 'consume-ok comes before the messages that wait', exclusiveQueue('p.q'), ...messages('p.q', 2),
    consume('p.q', 't'), delivered(2)),
  steps('BAS-10', 'consume exclusive when in use', exclusiveQueue('p.q10'), consume('p.q10', 't'),
    consume('p.q10', 'u', { exclusive: true })),
  steps('BAS-10', 'consume when exclusive consumer', exclusiveQueue('p.q10'),
    consume('p.q10', 't', { exclusive: true }),
    consume('p.q10', 'u')),
  steps('BAS-10', 'consume after the exclusive consumer', exclusiveQueue('p.q10'),
    consume('p.q10', 't', { exclusive: true }), cancel('t'), consume('p.q10', 'u')),
  steps('BAS-11', 'no-local is ignored', exclusiveQueue('p.q'), consume('p.q', 't', { 'no-local': true }),
    publish('', 'p.q'), delivered(1)),
  steps('BAS-12', 'consume x-priority string', exclusiveQueue('p.q10'),
    consume('p.q10', 't', {}, { 'x-priority': 'a' })),
  steps('BAS-12', 'consume with unknown arguments', exclusiveQueue('p.q10'),
    consume('p.q10', 't', {}, { 'x-foo': 1, 'x-cancel-on-ha-failover': true })),
  steps('BAS-17', 'basic.cancel unknown tag', cancel('zzz')),
  cancelled,
  cancelNotify('queue deleted under consumer -> cancel notify', true),
  cancelNotify('queue deleted under consumer without the capability', false),
  ...orderCases,
  ...qosCases,
  steps('BAS-23', 'recover requeue=true', recover(true)),
  steps('BAS-23', 'recover requeue=false', recover(false)),
  steps('BAS-23', 'recover-async requeue=true', method('basic.recover-async', requeue), qos(1)),
  steps('BAS-23', 'recover-async requeue=false', method('basic.recover-async'), qos(1)),
  recovered,
  connectionLost,
];
