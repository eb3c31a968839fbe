import type { Case } from '../session.ts';
import { formatValue, typed, type Table } from '../values.ts';
import {
  ack, bind, cancel, confirming, confirmSelect, consume, declareExchange, delivered, drain, exclusiveQueue, get,
  mandatory, nack, noAck, publish, qos, quorumQueue, reject, requeue, steps, take,
} from './vocabulary.ts';

/** Dead letters of a queue with these arguments go to p.dl by name. */
const toDeadLetters = (args: Table = {}): Table => ({
  'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'p.dl', ...args,
});
const deadLetters = exclusiveQueue('p.dl');
const watch = consume('p.dl', 'dead', noAck);

const lastDeath: Case = {
  name: 'x-last-death headers',
  row: 'QUE-22',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(deadLetters, exclusiveQueue('p.q', toDeadLetters()), publish('', 'p.q'), get('p.q'), watch,
      reject(1), delivered(1));
    const headers = wire.arrivals.at(-1)?.properties?.['headers'] as Record<string, ReturnType<typeof typed>>;
    const names = Object.keys(headers).filter((name) => name.startsWith('x-last-death-')).sort();
    session.note(names.map((name) => `${name}=${formatValue(headers[name] as never)}`).join(' ') || 'none');
  },
};

/** Time passes by a message that expires elsewhere and later: when it has come, the one behind the head did not. */
const expiryAtHead: Case = {
  name: 'only the head of a queue expires',
  row: 'QUE-14',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(deadLetters, exclusiveQueue('p.q', toDeadLetters()), exclusiveQueue('p.clock', toDeadLetters()),
      watch);
    await wire.steps(publish('', 'p.q', 'head'), publish('', 'p.q', 'behind', { expiration: '1' }));
    await wire.steps(publish('', 'p.clock', 'clock', { expiration: '100' }));
    await wire.received('basic.deliver', 1);
    await wire.steps(take('p.q'), delivered(2));
    await wire.settle();
  },
};

const deliveryLimit: Case = {
  name: 'quorum queue: x-delivery-count and the delivery limit',
  row: 'QUE-30',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(deadLetters, quorumQueue('p.qq', toDeadLetters({ 'x-delivery-limit': 2 })), watch, qos(1));
    await wire.steps(confirmSelect, publish('', 'p.qq', 'poison'));
    await wire.confirmed();
    await wire.steps(consume('p.qq', 't'));
    for (let delivery = 1; delivery <= 3; delivery += 1) {
      await wire.received('basic.deliver', delivery);
      await wire.steps(nack(delivery, requeue));
    }
    await wire.received('basic.deliver', 4);
    await wire.settle();
  },
};

const rejectGoesRound: Case = {
  name: 'a message that is rejected goes round, its count grows',
  row: 'QUE-23',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.q', { 'x-dead-letter-exchange': '' }), publish('', 'p.q'), consume('p.q', 't'));
    for (let delivery = 1; delivery <= 3; delivery += 1) {
      await wire.received('basic.deliver', delivery);
      await wire.steps(reject(delivery));
    }
    await wire.received('basic.deliver', 4);
    await wire.steps(cancel('t'), ack(4));
    await wire.settle();
  },
};

/** A retry: expired in the waiting queue, rejected in the working queue, and so on. */
const retryLoop: Case = {
  name: 'a retry loop of expiry and reject goes round',
  row: 'QUE-23',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(
      exclusiveQueue('p.work', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'p.wait' }),
      exclusiveQueue('p.wait', {
        'x-message-ttl': 10, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'p.work',
      }),
      publish('', 'p.work', 'job'), consume('p.work', 't'),
    );
    for (let delivery = 1; delivery <= 2; delivery += 1) {
      await wire.received('basic.deliver', delivery);
      await wire.steps(reject(delivery));
    }
    await wire.received('basic.deliver', 3);
    await wire.steps(ack(3));
    await wire.settle();
  },
};

const expiryLoop: Case = {
  name: 'a loop of expiry alone drops the message',
  row: 'QUE-23',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(
      deadLetters,
      exclusiveQueue('p.loop', { 'x-message-ttl': 10, 'x-dead-letter-exchange': '' }),
      exclusiveQueue('p.clock', toDeadLetters()), watch,
      publish('', 'p.loop', 'round'), publish('', 'p.clock', 'clock', { expiration: '150' }),
    );
    await wire.received('basic.deliver');
    await wire.steps(take('p.loop'));
    await wire.settle();
  },
};

export const deadLetterCases: readonly Case[] = [
  steps('QUE-20 QUE-21 QUE-22', 'DLX on expiry: x-death content', deadLetters,
    exclusiveQueue('p.src', toDeadLetters({ 'x-message-ttl': 1 })), watch,
    publish('', 'p.src', 'D', { expiration: '50' }), delivered(1)),
  steps('QUE-14', 'the shorter of x-message-ttl and expiration counts', deadLetters,
    exclusiveQueue('p.long', toDeadLetters({ 'x-message-ttl': 600_000 })),
    exclusiveQueue('p.short', toDeadLetters({ 'x-message-ttl': 1 })), watch,
    publish('', 'p.short', 'by the queue', { expiration: '600000' }), delivered(1),
    publish('', 'p.long', 'by itself', { expiration: '60' }), delivered(2)),
  steps('QUE-15', 'expiration "0" without a consumer', deadLetters, exclusiveQueue('p.q', toDeadLetters()), watch,
    publish('', 'p.q', 'x', { expiration: '0' }), delivered(1)),
  expiryAtHead,
  steps('BAS-22 QUE-19', 'dead-lettered: rejected', deadLetters, exclusiveQueue('p.q', toDeadLetters()), watch,
    publish('', 'p.q', '1'), publish('', 'p.q', '2'), get('p.q'), get('p.q'), reject(2), delivered(1), nack(1),
    delivered(2)),
  steps('QUE-17 QUE-19', 'dead-lettered: maxlen by drop-head', deadLetters,
    exclusiveQueue('p.q', toDeadLetters({ 'x-max-length': 1 })), watch, publish('', 'p.q', 'old'),
    publish('', 'p.q', 'new'), delivered(1)),
  steps('QUE-17 QUE-19', 'dead-lettered: maxlen by reject-publish-dlx', deadLetters,
    exclusiveQueue('p.q', toDeadLetters({ 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' })), watch,
    publish('', 'p.q', 'old'), publish('', 'p.q', 'new'), delivered(1)),
  confirming('QUE-17', 'reject-publish-dlx with confirm', deadLetters,
    exclusiveQueue('p.q', toDeadLetters({ 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' })), confirmSelect,
    publish('', 'p.q', 'old'), publish('', 'p.q', 'new')),
  deliveryLimit,
  steps('QUE-18', 'dead-letter exchange that is missing: dropped',
    exclusiveQueue('p.q', { 'x-dead-letter-exchange': 'p.none' }), publish('', 'p.q'), get('p.q'), reject(1),
    drain('p.q')),
  steps('QUE-11', 'purge and delete do not dead-letter', deadLetters, exclusiveQueue('p.q', toDeadLetters()),
    publish('', 'p.q'), { channel: 1, method: 'queue.purge', fields: { queue: 'p.q' } }, publish('', 'p.q'),
    { channel: 1, method: 'queue.delete', fields: { queue: 'p.q' } }, take('p.dl')),
  steps('QUE-20', 'original key, CC and BCC route the dead letter, the record is without BCC',
    declareExchange('p.dlx', 'direct'), deadLetters, bind('p.dl', 'p.dlx', 'p.q'), exclusiveQueue('p.dl2'),
    bind('p.dl2', 'p.dlx', 'cc'),
    exclusiveQueue('p.dl3'), bind('p.dl3', 'p.dlx', 'bcc'), watch,
    exclusiveQueue('p.q', { 'x-dead-letter-exchange': 'p.dlx' }),
    publish('', 'p.q', 'x', { headers: { CC: ['cc'], BCC: ['bcc'] } }), get('p.q'), reject(1), delivered(1),
    take('p.dl2'),
    take('p.dl3')),
  steps('QUE-20', 'x-dead-letter-routing-key takes the place of key and CC', deadLetters,
    exclusiveQueue('p.q', toDeadLetters()), watch, exclusiveQueue('p.cc'),
    publish('', 'p.q', 'x', { headers: { CC: ['p.cc'] } }), get('p.q'), reject(1), delivered(1), take('p.cc'),
    take('p.cc')),
  steps('QUE-22', 'x-death that a client sends in is not counted', deadLetters,
    exclusiveQueue('p.q', toDeadLetters()), watch, publish('', 'p.q', 'x', {
      headers: {
        'x-death': [{
          count: typed('l', 7), reason: 'rejected', queue: 'p.q', time: typed('T', 1), exchange: '',
          'routing-keys': ['p.q'],
        }],
      },
    }), get('p.q'), reject(1), delivered(1)),
  lastDeath,
  rejectGoesRound,
  retryLoop,
  expiryLoop,
  steps('QUE-21', 'a dead letter is not mandatory any more',
    exclusiveQueue('p.q', { 'x-dead-letter-exchange': 'amq.direct' }),
    publish('', 'p.q', 'x', {}, mandatory), get('p.q'), reject(1), drain('p.q')),
];
