import type { Case } from '../session.ts';
import { typed, type Value } from '../values.ts';
import {
  ack, bind, cancel, consume, declareExchange, declareQueue, deleteQueue, delivered, drain, exclusiveQueue, get,
  mandatory, method, noAck, on, openChannel, passive, publish, purge, qos, quorumQueue, requeue, steps, take, unbind,
} from './vocabulary.ts';

const autoDelete = { 'auto-delete': true };

const wrongArgument = (row: string, argument: string, value: Value): Case =>
  steps(row, `queue.declare ${argument}=${JSON.stringify(value)}`, declareQueue('p.q7', {}, { [argument]: value }));

const redeclared = (row: string, name: string, first: Record<string, Value>, second: Record<string, Value>): Case =>
  steps(row, name, declareQueue('p.q4', autoDelete, first), declareQueue('p.q4', autoDelete, second));

const exclusiveElsewhere: Case = {
  name: 'exclusive queue used from other connection: declare passive / consume / get / purge / delete / publish',
  row: 'QUE-06',
  async run(session) {
    const owner = await session.connect();
    await owner.steps(exclusiveQueue('p.ex'));
    const other = await session.connect();
    const uses = [
      passive('p.ex'), exclusiveQueue('p.ex'), consume('p.ex'), get('p.ex'), purge('p.ex'), deleteQueue('p.ex'),
      bind('p.ex', 'amq.direct', 'k'), unbind('p.ex', 'amq.direct', 'k'),
    ];
    for (const use of uses) {
      await other.steps(use);
      await other.settle();
    }
    await other.steps(publish('', 'p.ex'), qos(1));
    await owner.steps(take('p.ex'));
  },
};

/** Publishes until the queue is gone: a publish does not reset the timer, a declare would. */
const expires: Case = {
  name: 'x-expires deletes a queue without consumers',
  row: 'QUE-13',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.q', { 'x-expires': 50 }));
    await wire.publishUntilReturned(publish('', 'p.q', 'x', {}, mandatory));
    session.note('gone');
  },
};

const autoDeleteWithChannel: Case = {
  name: 'auto-delete queue goes with the channel of its consumer',
  row: 'QUE-07',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(declareQueue('p.ad', autoDelete), openChannel(2), on(2, consume('p.ad', 't')));
    await wire.steps(method('channel.close', { 'reply-code': 200 }, 2));
    await wire.publishUntilReturned(publish('', 'p.ad', 'x', {}, mandatory));
    await wire.steps(passive('p.ad'));
    await wire.settle();
  },
};

const argumentCases: readonly Case[] = [
  wrongArgument('QUE-13', 'x-expires', 0),
  wrongArgument('QUE-13', 'x-expires', 'a'),
  wrongArgument('QUE-14', 'x-message-ttl', -1),
  wrongArgument('QUE-16', 'x-max-length', -1),
  wrongArgument('QUE-16', 'x-max-length-bytes', -1),
  wrongArgument('QUE-24', 'x-max-priority', 256),
  wrongArgument('QUE-24', 'x-max-priority', -1),
  wrongArgument('QUE-17', 'x-overflow', 'nope'),
  wrongArgument('QUE-17', 'x-overflow', 5),
  wrongArgument('QUE-26', 'x-queue-type', 'nope'),
  wrongArgument('QUE-26', 'x-queue-type', 5),
  wrongArgument('QUE-18', 'x-dead-letter-routing-key', 'k'),
  wrongArgument('QUE-18', 'x-dead-letter-exchange', 5),
  wrongArgument('QUE-25', 'x-single-active-consumer', 1),
  wrongArgument('QUE-27', 'x-queue-mode', 'nope'),
  wrongArgument('QUE-27', 'x-queue-mode', 'lazy'),
  wrongArgument('QUE-27', 'x-queue-version', 2),
  wrongArgument('QUE-13', 'x-expires', 400_000_000_000),
  wrongArgument('QUE-14', 'x-message-ttl', 400_000_000_000),
  wrongArgument('QUE-14', 'x-message-ttl', 0),
  wrongArgument('TOP-8', 'x-delivery-limit', 5),
  wrongArgument('QUE-28', 'x-queue-master-locator', 'min-masters'),
  wrongArgument('QUE-28', 'x-queue-master-locator', 'nope'),
  wrongArgument('QUE-35', 'x-quorum-initial-group-size', 3),
  wrongArgument('QUE-35', 'x-max-age', '1h'),
  steps('TOP-8', 'queue.declare unknown x-foo argument', declareQueue('p.q6', {}, { 'x-foo': 1 })),
  steps('QUE-29', 'queue.declare quorum exclusive',
    declareQueue('p.qq', { exclusive: true }, { 'x-queue-type': 'quorum' })),
  steps('QUE-29', 'queue.declare quorum non-durable', declareQueue('p.qq', {}, { 'x-queue-type': 'quorum' })),
  steps('QUE-29', 'queue.declare quorum auto-delete', quorumQueue('p.qq', {}, autoDelete)),
  steps('QUE-01', 'queue.declare quorum server-named', quorumQueue('')),
  steps('TOP-8', 'queue.declare quorum with x-max-priority', quorumQueue('p.qq', { 'x-max-priority': 5 })),
  steps('QUE-29', 'queue.declare quorum with a delivery-limit of another type',
    quorumQueue('p.qq', { 'x-delivery-limit': 'a' })),
  steps('QUE-31', 'queue.declare stream with x-message-ttl',
    declareQueue('p.st', { durable: true }, { 'x-queue-type': 'stream', 'x-message-ttl': 5 })),
];

const declareCases: readonly Case[] = [
  steps('QUE-01 QUE-03', 'queue.declare server-named then declare passive "" uses', exclusiveQueue(''), passive('')),
  steps('QUE-02', 'queue.declare amq.foo', declareQueue('amq.foo')),
  steps('QUE-04', 'queue.declare passive missing', passive('nope-q')),
  steps('CON-30', 'a reply text is cut to 255 octets', passive('n'.repeat(255))),
  steps('CON-30', 'a reply text is cut to 255 octets in the middle of a letter', passive('ü'.repeat(120))),
  steps('QUE-04', 'queue.declare passive counts ready messages only', exclusiveQueue('p.q'), publish('', 'p.q'),
    publish('', 'p.q'), get('p.q'), passive('p.q')),
  steps('QUE-04', 'queue.declare no-wait', declareQueue('p.q', { 'no-wait': true, exclusive: true }), passive('p.q')),
  steps('QUE-04', 'queue.declare passive with no-wait, missing',
    declareQueue('nope-q', { passive: true, 'no-wait': true })),
  steps('EXC-01', 'queue.declare strips CR and LF', exclusiveQueue('p.q\r\n1'), passive('p.q1')),
  steps('QUE-05', 'queue.redeclare other durable', declareQueue('p.q1', autoDelete),
    declareQueue('p.q1', { durable: true, ...autoDelete })),
  steps('QUE-05', 'queue.redeclare other auto-delete', declareQueue('p.q1'), declareQueue('p.q1', autoDelete)),
  steps('QUE-05', 'queue.redeclare not exclusive by the owner', exclusiveQueue('p.q1'), declareQueue('p.q1')),
  steps('QUE-05', 'queue.redeclare exclusive what is not', declareQueue('p.q1'), exclusiveQueue('p.q1')),
  steps('QUE-06', 'queue.declare durable and exclusive', declareQueue('p.q1', { durable: true, exclusive: true }),
    exclusiveQueue('p.q1')),
  redeclared('QUE-05', 'queue.redeclare other argument', { 'x-max-length': 5 }, { 'x-max-length': 6 }),
  redeclared('QUE-05', 'queue.redeclare: argument absent on 2nd', { 'x-max-length': 5 }, {}),
  redeclared('QUE-05', 'queue.redeclare: argument absent on 1st', {}, { 'x-max-length': 5 }),
  redeclared('QUE-05', 'queue.redeclare: integer of another width', { 'x-max-length': 5 },
    { 'x-max-length': typed('l', 5) }),
  redeclared('QUE-05', 'queue.redeclare: unknown argument differs', { 'x-foo': 1 }, { 'x-foo': 2 }),
  redeclared('QUE-05', 'queue.redeclare: text argument differs', { 'x-dead-letter-exchange': 'a' },
    { 'x-dead-letter-exchange': 'b' }),
  redeclared('QUE-05', 'queue.redeclare: classic named on 2nd', {}, { 'x-queue-type': 'classic' }),
  steps('QUE-05', 'queue.redeclare: quorum as classic', quorumQueue('p.qq'), declareQueue('p.qq', { durable: true })),
];

const lifeCases: readonly Case[] = [
  exclusiveElsewhere,
  expires,
  steps('QUE-07', 'auto-delete queue without consumer then delete consumer', declareQueue('p.ad', autoDelete),
    passive('p.ad'), consume('p.ad', 't', noAck), cancel('t'), passive('p.ad')),
  autoDeleteWithChannel,
  steps('QUE-11', 'queue.delete missing', deleteQueue('nope-q')),
  steps('QUE-11', 'queue.delete counts ready messages', declareQueue('p.q9'), publish('', 'p.q9'), publish('', 'p.q9'),
    publish('', 'p.q9'), get('p.q9'), deleteQueue('p.q9')),
  steps('QUE-11', 'queue.delete if-empty non-empty', declareQueue('p.q9'), publish('', 'p.q9'),
    deleteQueue('p.q9', { 'if-empty': true })),
  steps('QUE-11', 'queue.delete if-empty empty', declareQueue('p.q9'), deleteQueue('p.q9', { 'if-empty': true })),
  steps('QUE-11', 'queue.delete if-unused in use', declareQueue('p.q9'), consume('p.q9', 't', noAck),
    deleteQueue('p.q9', { 'if-unused': true })),
  steps('QUE-11', 'queue.delete quorum if-unused', quorumQueue('p.qq'), deleteQueue('p.qq', { 'if-unused': true })),
  steps('QUE-11', 'cleanup p.q9', declareQueue('p.q9'), deleteQueue('p.q9'), passive('p.q9')),
  steps('QUE-10', 'queue.purge missing', purge('nope-q')),
  steps('QUE-10', 'queue.purge takes ready messages only', exclusiveQueue('p.q'), publish('', 'p.q', 'a'),
    publish('', 'p.q', 'b'), publish('', 'p.q', 'c'), get('p.q'), purge('p.q'), take('p.q'),
    method('basic.recover', requeue), drain('p.q')),
  steps('QUE-03', 'the last declared queue stands for ""', exclusiveQueue('p.a'), exclusiveQueue('p.b'),
    publish('', 'p.b'), publish('', 'p.b'), take(''), purge(''), bind('', 'amq.direct', ''),
    publish('amq.direct', 'p.b', 'by key'), take('p.b'), unbind('', 'amq.direct', 'p.b'), consume('', 't'),
    cancel('t'), deleteQueue('')),
  steps('QUE-03', 'the last declared queue is one of the channel', exclusiveQueue('p.a'), openChannel(2),
    on(2, get(''))),
  ...['basic.consume', 'basic.get', 'queue.purge', 'queue.delete', 'queue.unbind'].map((name) =>
    steps('QUE-03', `${name} "" with no declared queue`, method(name))),
];

const boundCases: readonly Case[] = [
  steps('QUE-16', 'x-max-length drops the oldest', exclusiveQueue('p.q', { 'x-max-length': 2 }),
    publish('', 'p.q', 'a'), publish('', 'p.q', 'b'), publish('', 'p.q', 'c'), drain('p.q')),
  steps('QUE-16', 'x-max-length counts ready messages only', exclusiveQueue('p.q', { 'x-max-length': 1 }),
    publish('', 'p.q', 'a'), get('p.q'), publish('', 'p.q', 'b'), drain('p.q'),
    method('basic.recover', requeue), drain('p.q')),
  steps('QUE-16', 'x-max-length-bytes', exclusiveQueue('p.q', { 'x-max-length-bytes': 5 }), publish('', 'p.q', 'abc'),
    publish('', 'p.q', 'de'), publish('', 'p.q', 'f'), drain('p.q')),
  steps('QUE-17', 'reject-publish without confirm is silent',
    exclusiveQueue('p.q', { 'x-max-length': 1, 'x-overflow': 'reject-publish' }), publish('', 'p.q', 'a'),
    publish('', 'p.q', 'b'), drain('p.q')),
  steps('QUE-24', 'x-max-priority orders messages', exclusiveQueue('p.q', { 'x-max-priority': 5 }),
    publish('', 'p.q', 'zero'), publish('', 'p.q', 'three', { priority: 3 }),
    publish('', 'p.q', 'nine', { priority: 9 }), publish('', 'p.q', 'five', { priority: 5 }),
    publish('', 'p.q', 'none too'), drain('p.q')),
  steps('QUE-14', 'x-message-ttl=0 delivers to a waiting consumer', exclusiveQueue('p.q', { 'x-message-ttl': 0 }),
    consume('p.q', 't', noAck), publish('', 'p.q'), delivered(1)),
  steps('QUE-14', 'x-message-ttl=0 drops without a consumer', exclusiveQueue('p.q', { 'x-message-ttl': 0 }),
    publish('', 'p.q'), take('p.q')),
  steps('QUE-29', 'quorum queue: get, ack', quorumQueue('p.qq'), publish('', 'p.qq', 'x', { 'delivery-mode': 2 }),
    consume('p.qq', 't'), delivered(1), cancel('t'), ack(1), get('p.qq')),
  steps('QUE-08', 'fan-out to a queue that is bound twice', declareExchange('p.x', 'fanout'), exclusiveQueue('p.q'),
    bind('p.q', 'p.x', 'a'), bind('p.q', 'p.x', 'b'), publish('p.x', ''), drain('p.q')),
];

export const queueCases: readonly Case[] = [...declareCases, ...argumentCases, ...lifeCases, ...boundCases];
