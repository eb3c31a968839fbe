import type { Case } from '../session.ts';
import {
  ack, confirmSelect, drain, exclusiveQueue, get, mandatory, nack, publish, requeue, steps, take, txCommit,
  txRollback, txSelect,
} from './vocabulary.ts';

const outsider: Case = {
  name: 'tx publishes are seen by others after commit only',
  row: 'TX-01',
  async run(session) {
    const wire = await session.connect();
    await wire.steps(exclusiveQueue('p.q'), txSelect, publish('', 'p.q', '1'), publish('', 'p.q', '2'), take('p.q'));
    await wire.steps(txCommit, take('p.q'), publish('', 'p.q', '3'), txRollback, take('p.q'), take('p.q'));
    await wire.steps(publish('', 'p.q', '4'), txCommit, drain('p.q'));
    await wire.settle();
  },
};

export const txCases: readonly Case[] = [
  steps('CNF-01', 'confirm.select then tx.select', confirmSelect, txSelect),
  steps('TX-01', 'tx.commit without select', txCommit),
  steps('TX-01', 'tx.rollback without select', txRollback),
  steps('TX-01', 'tx.select twice, commit and rollback of nothing', txSelect, txSelect, txCommit, txRollback),
  outsider,
  steps('TX-02', 'tx publish to missing exchange: error at publish or commit', txSelect, publish('nope-x', 'k'),
    txCommit),
  steps('TX-02', 'tx publish with a bad expiration', txSelect, publish('', 'k', 'x', { expiration: 'abc' }), txCommit),
  steps('TX-02', 'tx publish mandatory unroutable', txSelect, publish('amq.direct', 'nope', 'x', {}, mandatory),
    txCommit),
  steps('TX-02', 'tx returns come in order at commit', txSelect, publish('', 'nope', '1', {}, mandatory),
    publish('', 'nope', '2', {}, mandatory), txCommit),
  steps('TX-02', 'tx returns are gone with rollback', txSelect, publish('', 'nope', '1', {}, mandatory), txRollback,
    txCommit),
  steps('TX-03', 'tx rollback: acked message still unacked, can be acked again', exclusiveQueue('p.q20'),
    publish('', 'p.q20'), get('p.q20'), txSelect, ack(1), txRollback, ack(1), txCommit),
  steps('TX-03', 'tx ack takes effect at commit', exclusiveQueue('p.q20'), publish('', 'p.q20'), get('p.q20'), txSelect,
    ack(1), txCommit, ack(1)),
  steps('TX-03', 'tx ack twice before commit', exclusiveQueue('p.q20'), publish('', 'p.q20'), get('p.q20'), txSelect,
    ack(1), ack(1)),
  steps('TX-03', 'tx nack with requeue takes effect at commit', exclusiveQueue('p.q20'), publish('', 'p.q20'),
    get('p.q20'), txSelect, nack(1, requeue), take('p.q20'), txCommit, take('p.q20')),
  steps('TX-04 TX-06', 'tx commits publishes and acks together', exclusiveQueue('p.q20'), publish('', 'p.q20', 'old'),
    get('p.q20'), txSelect, ack(1), publish('', 'p.q20', 'new', { 'delivery-mode': 2 }), txCommit, drain('p.q20')),
  steps('TX-05', 'tx commit with a publish that the queue rejects',
    exclusiveQueue('p.q', { 'x-max-length': 1, 'x-overflow': 'reject-publish' }), txSelect, publish('', 'p.q', '1'),
    publish('', 'p.q', '2'), txCommit),
];
