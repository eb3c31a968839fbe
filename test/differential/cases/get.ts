import type { Case } from '../session.ts';
import {
  ack, drain, exclusiveQueue, get, method, nack, passive, publish, reject, requeue, steps, take,
} from './vocabulary.ts';

const four = ['m1', 'm2', 'm3', 'm4'].map((body) => publish('', 'p.q13', body));
const take13 = take('p.q13');

export const getCases: readonly Case[] = [
  steps('BAS-19', 'get missing queue', get('nope-q')),
  steps('BAS-19', 'get empty', exclusiveQueue('p.q12'), get('p.q12')),
  steps('BAS-19', 'get counts the ready messages that are left', exclusiveQueue('p.q13'), ...four, get('p.q13'), take13,
    get('p.q13'), passive('p.q13')),
  steps('BAS-21', 'requeue order: 3 msgs got, nack tag 2 then 1 then 3 with requeue, re-get',
    exclusiveQueue('p.q13'), ...four, get('p.q13'), get('p.q13'), get('p.q13'), nack(2, requeue), nack(1, requeue),
    nack(3, requeue), take13, take13, take13, take13),
  steps('BAS-21', 'nack multiple with requeue', exclusiveQueue('p.q13'), ...four, get('p.q13'), get('p.q13'),
    get('p.q13'),
    nack(2, { multiple: true, ...requeue }), take13, take13, take13, take13, ack(3)),
  steps('BAS-21', 'nack 0 multiple with requeue: all', exclusiveQueue('p.q13'), ...four, get('p.q13'), get('p.q13'),
    nack(0, { multiple: true, ...requeue }), drain('p.q13')),
  steps('BAS-21', 'reject with requeue', exclusiveQueue('p.q13'), ...four, get('p.q13'), reject(1, requeue), take13),
  steps('BAS-22', 'nack and reject without requeue drop', exclusiveQueue('p.q13'), ...four, get('p.q13'), get('p.q13'),
    reject(1), nack(2), take13, take13, take13),
  steps('BAS-23', 'recover puts got messages back at their positions', exclusiveQueue('p.q13'), ...four, get('p.q13'),
    get('p.q13'), method('basic.recover', requeue), take13, take13, take13),
];
