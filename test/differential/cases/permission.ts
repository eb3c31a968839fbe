/**
 * What users may do who may not do everything. Recorded with the users of `access.json`, which RabbitMQ takes by
 * `rabbitmqctl import_definitions`: `mine` may do all to what begins with p.m, `none` nothing, `keys` everything
 * but use other keys than its own in the topic exchange amq.topic.
 */
import type { Case } from '../session.ts';
import type { Outgoing } from '../wire.ts';
import {
  bind, bindExchange, consume, declareExchange, declareQueue, deleteExchange, deleteQueue, get, method, noAck,
  passive, publish, purge, unbind, unbindExchange,
} from './vocabulary.ts';

type User = 'mine' | 'none' | 'keys';

const alternate = (name: string) => ({ 'alternate-exchange': name });
const deadLetters = (name: string) => ({ 'x-dead-letter-exchange': name });

/** What guest declares is there when the user comes. */
const as = (user: User, name: string, before: readonly Outgoing[], ...items: readonly Outgoing[]): Case => ({
  name: `${user}: ${name}`,
  row: 'access',
  async run(session) {
    const guest = await session.connect();
    await guest.steps(...before);
    const wire = await session.connect({ response: `\0${user}\0${user}` });
    await wire.steps(...items);
    await wire.settle();
  },
});

const topic = declareExchange('p.topic', 'topic');
const queues = [declareQueue('p.q'), declareQueue('p.mq')];
const there = [topic, declareExchange('p.x', 'fanout'), declareExchange('p.mx', 'fanout'), ...queues];

export const permissionCases: readonly Case[] = [
  as('mine', 'queue.declare of its own', [], declareQueue('p.mq'), declareQueue('p.mq')),
  as('mine', 'queue.declare', [], declareQueue('p.q')),
  as('mine', 'queue.declare of one that is there', queues, declareQueue('p.q')),
  as('mine', 'queue.declare of a name that is reserved', [], declareQueue('amq.q')),
  as('mine', 'queue.declare, dead letters to its own', there, declareQueue('p.m2', {}, deadLetters('p.mx'))),
  as('mine', 'queue.declare, dead letters elsewhere', [], declareQueue('p.m2', {}, deadLetters('p.nope'))),
  as('mine', 'queue.declare, dead letters to the default exchange', [], declareQueue('p.m2', {}, deadLetters(''))),
  as('mine', 'queue.declare, dead letters to a number', [], declareQueue('p.m2', {}, { 'x-dead-letter-exchange': 5 })),
  as('mine', 'queue.declare, not its own and dead letters to a number', [],
    declareQueue('p.q2', {}, { 'x-dead-letter-exchange': 5 })),
  as('mine', 'queue.declare again, dead letters elsewhere', queues, declareQueue('p.mq', {}, deadLetters('p.nope'))),
  as('none', 'queue.declare passive', queues, passive('p.q')),
  as('none', 'queue.declare passive of a missing one', [], passive('p.q')),
  as('mine', 'queue.delete', queues, deleteQueue('p.q')),
  as('mine', 'queue.delete of a missing one', [], deleteQueue('p.q')),
  as('mine', 'queue.delete of its own', queues, deleteQueue('p.mq')),
  as('mine', 'queue.purge', queues, purge('p.q')),
  as('mine', 'queue.purge of a missing one', [], purge('p.nope')),
  as('mine', 'queue.bind of another queue', there, bind('p.q', 'p.mx')),
  as('mine', 'queue.bind to another exchange', there, bind('p.mq', 'p.x')),
  as('mine', 'queue.bind of a missing queue to another exchange', there, bind('p.mnope', 'p.x')),
  as('mine', 'queue.bind to the default exchange', there, bind('p.mq', '')),
  as('mine', 'queue.bind of another queue to the default exchange', there, bind('p.q', '')),
  as('mine', 'queue.bind of its own', there, bind('p.mq', 'p.mx')),
  as('mine', 'queue.unbind of another queue', there, unbind('p.q', 'p.mx')),
  as('mine', 'queue.unbind from another exchange', there, unbind('p.mq', 'p.x')),
  as('mine', 'exchange.declare', [], declareExchange('p.x', 'fanout')),
  as('mine', 'exchange.declare of one that is there', there, declareExchange('p.x', 'fanout')),
  as('mine', 'exchange.declare of a reserved name', [], declareExchange('amq.mine', 'fanout')),
  as('mine', 'exchange.declare of an exchange of the broker', [],
    declareExchange('amq.direct', 'direct', { durable: true })),
  as('mine', 'exchange.declare, alternate of its own', there, declareExchange('p.m2', 'fanout', {}, alternate('p.mx'))),
  as('mine', 'exchange.declare, alternate elsewhere', [], declareExchange('p.m2', 'fanout', {}, alternate('p.nope'))),
  as('mine', 'exchange.declare, alternate is a number', [],
    declareExchange('p.m2', 'fanout', {}, { 'alternate-exchange': 5 })),
  as('none', 'exchange.declare passive', there, declareExchange('p.x', 'fanout', { passive: true })),
  as('mine', 'exchange.delete', there, deleteExchange('p.x')),
  as('mine', 'exchange.delete of a missing one', [], deleteExchange('p.x')),
  as('mine', 'exchange.delete of an exchange of the broker', [], deleteExchange('amq.direct')),
  as('mine', 'exchange.delete of the default exchange', [], deleteExchange('')),
  as('mine', 'exchange.bind to another destination', there, bindExchange('p.x', 'p.mx')),
  as('mine', 'exchange.bind from another source', there, bindExchange('p.mx', 'p.x')),
  as('mine', 'exchange.bind of the default exchange', there, bindExchange('', 'p.mx')),
  as('mine', 'exchange.bind from the default exchange', there, bindExchange('p.mx', '')),
  as('mine', 'exchange.unbind from another source', there, unbindExchange('p.mx', 'p.x')),
  as('mine', 'publish', there, publish('p.x', 'k')),
  as('mine', 'publish to a missing exchange', there, publish('p.nope', 'k')),
  as('mine', 'publish to a missing exchange of its own', there, publish('p.mnope', 'k')),
  as('mine', 'publish to the default exchange', there, publish('', 'p.mq')),
  as('mine', 'publish to amq.fanout', there, publish('amq.fanout', 'k')),
  as('mine', 'publish of another user', there, publish('p.x', 'k', 'x', { 'user-id': 'guest' })),
  as('mine', 'publish to its own', there, publish('p.mx', 'k')),
  as('mine', 'get', queues, get('p.q')),
  as('mine', 'get from a missing queue', [], get('p.nope')),
  as('mine', 'get from its own', queues, get('p.mq')),
  as('mine', 'consume', queues, consume('p.q', 'c')),
  as('mine', 'consume a missing queue', [], consume('p.nope', 'c')),
  as('none', 'consume direct replies', [], consume('amq.rabbitmq.reply-to', 'c', noAck)),
  as('none', 'queue.declare of a name that the server makes', [], declareQueue('', { exclusive: true })),
  as('none', 'tx, confirm, qos', [], method('basic.qos', { 'prefetch-count': 1 }), method('confirm.select')),
  as('keys', 'publish with its key', there, publish('amq.topic', 'keys.a'), publish('amq.topic', 'keys.b')),
  as('keys', 'publish with another key', there, publish('amq.topic', 'other')),
  as('keys', 'publish to another topic exchange', there, publish('p.topic', 'other')),
  as('keys', 'publish with another key in CC', there,
    publish('amq.topic', 'keys.a', 'x', { headers: { CC: ['other'] } })),
  as('keys', 'queue.bind with its key', there, bind('p.q', 'amq.topic', 'keys.#')),
  as('keys', 'queue.bind with another key', there, bind('p.q', 'amq.topic', '#')),
  as('keys', 'queue.unbind with another key', there, unbind('p.q', 'amq.topic', '#')),
  as('keys', 'exchange.bind with another key', there, bindExchange('p.x', 'amq.topic', 'k')),
];
