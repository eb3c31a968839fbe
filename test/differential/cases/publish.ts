import type { Case } from '../session.ts';
import type { Wire } from '../wire.ts';
import {
  ack, bind, cancel, confirming, confirmSelect, consume, declareExchange, delivered, drain, exclusiveQueue, get,
  immediate, mandatory, nack, noAck, passive, publish, qos, requeue, steps, take, txCommit, txSelect,
} from './vocabulary.ts';

const replyTo = 'amq.rabbitmq.reply-to';

/** The address that the broker put in place of `amq.rabbitmq.reply-to`. */
const replyAddress = (wire: Wire): string =>
  String(wire.arrivals.find((each) => each.name === 'basic.get-ok')?.properties?.['reply-to']);

const directReply: Case = {
  name: 'direct reply-to, there and back',
  row: 'BAS-06',
  async run(session) {
    const asker = await session.connect();
    const answerer = await session.connect();
    await answerer.steps(exclusiveQueue('p.rpc'));
    await asker.steps(consume(replyTo, 'r', noAck), publish('', 'p.rpc', 'question', { 'reply-to': replyTo }));
    await asker.settle();
    await answerer.steps(take('p.rpc'));
    const address = replyAddress(answerer);
    await answerer.steps(passive(address), publish('', address, 'answer', { 'correlation-id': '1' }));
    await asker.received('basic.deliver');
    await asker.close();
    await answerer.publishUntilReturned(publish('', address, 'too late', {}, mandatory));
  },
};

const mandatoryReply: Case = {
  name: 'direct reply-to, a mandatory answer',
  row: 'BAS-06',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.rpc'), consume(replyTo, 'r', noAck));
    await wire.steps(publish('', 'p.rpc', 'question', { 'reply-to': replyTo }), take('p.rpc'));
    await wire.steps(publish('', replyAddress(wire), 'answer', {}, mandatory), delivered(1));
    await wire.settle();
  },
};

/** One message to two queues, of which one has a consumer that can take it. */
const halfReady = [
  declareExchange('p.x', 'fanout'), exclusiveQueue('p.q'), exclusiveQueue('p.r'), bind('p.q', 'p.x'),
  bind('p.r', 'p.x'), consume('p.q', 't'), publish('p.x', '', 'now', {}, immediate), delivered(1), drain('p.r'),
];

const immediateCases: readonly Case[] = [
  steps('IMM-3 BAS-03', 'publish immediate=1', publish('', 'nope', 'x', {}, immediate)),
  steps('IMM-3', 'immediate and mandatory without a queue',
    publish('', 'nope', 'x', {}, { ...immediate, ...mandatory })),
  steps('IMM-7', 'immediate to a queue without consumers', exclusiveQueue('p.q'),
    publish('', 'p.q', 'x', {}, immediate), drain('p.q')),
  steps('IMM-7', 'immediate to a queue with a consumer', exclusiveQueue('p.q'), consume('p.q', 't'),
    publish('', 'p.q', 'x', {}, immediate), delivered(1), drain('p.q')),
  steps('IMM-6', 'immediate to a consumer without credit', exclusiveQueue('p.q'), qos(1), consume('p.q', 't'),
    publish('', 'p.q', 'first'), delivered(1), publish('', 'p.q', 'second', {}, immediate), drain('p.q')),
  steps('IMM-7', 'immediate to two queues, one ready', ...halfReady),
  confirming('IMM-9', 'immediate and confirm: return first, then ack', exclusiveQueue('p.q'), confirmSelect,
    publish('', 'p.q', 'x', {}, immediate)),
  steps('IMM-8', 'immediate, then put back by the consumer', exclusiveQueue('p.q'), consume('p.q', 't'),
    publish('', 'p.q', 'x', {}, immediate), delivered(1), cancel('t'), nack(1, requeue), drain('p.q')),
  steps('IMM-9', 'immediate in a transaction is judged at commit', exclusiveQueue('p.q'), txSelect,
    publish('', 'p.q', 'x', {}, immediate), txCommit),
];

export const publishCases: readonly Case[] = [
  ...immediateCases,
  steps('BAS-02', 'publish mandatory unroutable', publish('amq.direct', 'nope', 'x', {}, mandatory), qos(1)),
  steps('BAS-02', 'publish mandatory routed', exclusiveQueue('p.q'), publish('', 'p.q', 'x', {}, mandatory),
    take('p.q')),
  steps('BAS-02', 'basic.return carries the properties and the whole body',
    publish('', 'nope', Buffer.alloc(200_000, 'r'), { 'message-id': 'm', headers: { a: 1 } }, mandatory)),
  confirming('BAS-02 CNF-02', 'publish mandatory unroutable + confirm (order of return/ack)', confirmSelect,
    publish('amq.direct', 'nope', 'x', {}, mandatory)),
  confirming('CNF-02', 'publish unroutable non-mandatory + confirm', confirmSelect, publish('amq.direct', 'nope')),
  steps('QUE-15', 'publish bad expiration "abc"', publish('', 'q', 'x', { expiration: 'abc' })),
  steps('QUE-15', 'publish bad expiration "-1"', publish('', 'q', 'x', { expiration: '-1' })),
  steps('QUE-15', 'publish bad expiration ""', publish('', 'q', 'x', { expiration: '' })),
  steps('QUE-15', 'publish bad expiration "1.5"', publish('', 'q', 'x', { expiration: '1.5' })),
  steps('QUE-15', 'publish expiration beyond the limit', publish('', 'q', 'x', { expiration: '400000000000' })),
  steps('BAS-05', 'publish user-id mismatch', publish('', 'q', 'x', { 'user-id': 'bob' })),
  steps('BAS-05', 'publish user-id of the user', exclusiveQueue('p.q'), publish('', 'p.q', 'x', { 'user-id': 'guest' }),
    take('p.q')),
  steps('BAS-04', 'publish CC not array', publish('', 'q', 'x', { headers: { CC: 'a' } })),
  steps('BAS-04', 'publish BCC not array', publish('', 'q', 'x', { headers: { BCC: 5 } })),
  steps('BAS-04', 'publish CC array of other things', publish('', 'q', 'x', { headers: { CC: [5] } })),
  steps('BAS-04', 'publish CC and BCC: each queue once, BCC taken out', exclusiveQueue('p.a'), exclusiveQueue('p.b'),
    exclusiveQueue('p.c'), publish('', 'p.a', 'x', { headers: { CC: ['p.b', 'p.a'], BCC: ['p.c', 'p.b'], k: 1 } }),
    take('p.a'), take('p.b'), take('p.c'), take('p.a'), take('p.b')),
  steps('BAS-04', 'publish CC alone makes a message routable', exclusiveQueue('p.a'),
    publish('', 'nope', 'x', { headers: { CC: ['p.a'] } }, mandatory), take('p.a')),
  steps('BAS-01', 'order of checks: exchange before expiration', publish('nope-x', 'k', 'x', { expiration: 'abc' })),
  steps('BAS-01', 'order of checks: internal before reply-to', declareExchange('p.int', 'direct', { internal: true }),
    publish('p.int', 'k', 'x', { 'reply-to': replyTo })),
  steps('BAS-01', 'order of checks: expiration and CC',
    publish('', 'k', 'x', { expiration: 'abc', headers: { CC: 'a' } })),
  steps('BAS-01', 'order of checks: reply-to and expiration',
    publish('', 'k', 'x', { expiration: 'abc', 'reply-to': replyTo })),
  steps('BAS-01', 'order of checks: user-id and expiration',
    publish('', 'k', 'x', { expiration: 'abc', 'user-id': 'bob' })),
  steps('BAS-06', 'publish reply-to amq.rabbitmq.reply-to without consumer',
    publish('', 'q', 'x', { 'reply-to': replyTo })),
  steps('BAS-06', 'consume amq.rabbitmq.reply-to no_ack=0', consume(replyTo)),
  steps('BAS-06', 'consume amq.rabbitmq.reply-to twice', consume(replyTo, 'a', noAck), consume(replyTo, 'b', noAck)),
  steps('BAS-06', 'declare passive amq.rabbitmq.reply-to', passive(replyTo)),
  steps('BAS-06', 'publish to a reply-to that never was', publish('', `${replyTo}.nope`, 'x', {}, mandatory)),
  directReply,
  mandatoryReply,
  steps('BAS-29', 'order of publish is order of delivery', exclusiveQueue('p.q'), consume('p.q', 't', noAck),
    ...Array.from({ length: 20 }, (_, index) => publish('', 'p.q', String(index))), delivered(20)),
  steps('BAS-18', 'deliver and get-ok share one sequence of tags', exclusiveQueue('p.q'), exclusiveQueue('p.r'),
    publish('', 'p.q', 'got'), publish('', 'p.q', 'got'), get('p.q'), get('p.q'), ack(2), ack(1)),
];
