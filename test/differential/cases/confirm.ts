import type { Case } from '../session.ts';
import {
  bind, confirming, confirmSelect, declareExchange, drain, exclusiveQueue, method, publish, quorumQueue, steps,
  txSelect,
} from './vocabulary.ts';

const full = (length: number) => ({ 'x-max-length': length, 'x-overflow': 'reject-publish' });

export const confirmCases: readonly Case[] = [
  confirming('CNF-01', 'confirm.select twice', confirmSelect, confirmSelect, publish('', 'nope'), publish('', 'nope')),
  confirming('CNF-01', 'confirm.select no-wait', method('confirm.select', { 'no-wait': true }), publish('', 'nope')),
  confirming('CNF-02', 'the sequence starts with confirm.select', publish('', 'nope'), confirmSelect,
    publish('', 'nope')),
  confirming('CNF-02', 'routed, transient and persistent', exclusiveQueue('p.q'), confirmSelect, publish('', 'p.q'),
    publish('', 'p.q', 'x', { 'delivery-mode': 2 })),
  confirming('CNF-02', 'persistent to a quorum queue', quorumQueue('p.qq'), confirmSelect,
    publish('', 'p.qq', 'x', { 'delivery-mode': 2 })),
  confirming('CNF-02', 'to several queues: one confirm', declareExchange('p.x', 'fanout'), exclusiveQueue('p.q'),
    exclusiveQueue('p.r'), bind('p.q', 'p.x'), bind('p.r', 'p.x'), confirmSelect, publish('p.x', '')),
  confirming('CNF-02', 'a publish that closes the channel is not confirmed', confirmSelect, publish('', 'nope')),
  steps('CNF-02', 'confirm and missing exchange', confirmSelect, publish('nope-x', 'k')),
  confirming('QUE-17', 'max-length drop-head with confirm', exclusiveQueue('p.q16', { 'x-max-length': 1 }),
    confirmSelect, publish('', 'p.q16'), publish('', 'p.q16')),
  confirming('QUE-17', 'max-length reject-publish with confirm', exclusiveQueue('p.q17', full(1)), confirmSelect,
    publish('', 'p.q17'), publish('', 'p.q17')),
  confirming('QUE-17', 'one queue full, other not, reject-publish via fanout', exclusiveQueue('p.q18', full(0)),
    exclusiveQueue('p.q19'), declareExchange('p.x', 'fanout'), bind('p.q18', 'p.x'), bind('p.q19', 'p.x'),
    confirmSelect, publish('p.x', ''), drain('p.q19')),
  steps('CNF-01', 'tx.select then confirm.select', txSelect, confirmSelect),
];
