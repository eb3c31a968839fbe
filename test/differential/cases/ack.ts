import type { Case } from '../session.ts';
import {
  ack, exclusiveQueue, get, nack, on, openChannel, publish, qos, reject, requeue, steps,
} from './vocabulary.ts';

const three = [exclusiveQueue('p.q12'), ...['a', 'b', 'c'].map((body) => publish('', 'p.q12', body))];
const gotThree = [...three, get('p.q12'), get('p.q12'), get('p.q12')];

export const ackCases: readonly Case[] = [
  steps('BAS-20', 'ack unknown tag', ack(99)),
  steps('BAS-20', 'ack 0 multiple, nothing outstanding', ack(0, true), qos(1)),
  steps('BAS-20', 'ack 0 single', ack(0)),
  steps('BAS-20', 'double ack', exclusiveQueue('p.q12'), publish('', 'p.q12'), get('p.q12'), ack(1), ack(1)),
  steps('BAS-20', 'ack of a message that was taken without ack', exclusiveQueue('p.q12'), publish('', 'p.q12'),
    get('p.q12', { 'no-ack': true }), ack(1)),
  steps('BAS-20', 'reject unknown tag', reject(9, requeue)),
  steps('BAS-20', 'nack unknown tag', nack(9, requeue)),
  steps('BAS-20', 'nack 0 single', nack(0)),
  steps('BAS-20', 'ack multiple up to a tag', ...gotThree, ack(2, true), ack(3), ack(2)),
  steps('BAS-20', 'ack 0 multiple: all', ...gotThree, ack(0, true), get('p.q12'), ack(3)),
  steps('BAS-20', 'ack multiple with an unknown tag above the last', ...gotThree, ack(9, true)),
  steps('BAS-20', 'ack multiple twice', ...gotThree, ack(2, true), ack(2, true)),
  steps('BAS-20', 'ack multiple of a tag in between that is settled', ...gotThree, ack(2), ack(2, true)),
  steps('BAS-20', 'ack out of order', ...gotThree, ack(3), ack(1), ack(2), ack(2)),
  steps('BAS-20', 'ack on another channel than the delivery', ...three, get('p.q12'), openChannel(2), on(2, ack(1)),
    on(2, qos(1))),
];
