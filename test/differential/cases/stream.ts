import type { Case } from '../session.ts';
import { typed, type Typed } from '../values.ts';
import type { Outgoing } from '../wire.ts';
import {
  ack, bind, confirmSelect, consume, declareQueue, deleteQueue, delivered, get, nack, noAck, publish, purge, qos,
  reject, requeue,
} from './vocabulary.ts';

const stream = declareQueue('p.st', { durable: true }, { 'x-queue-type': 'stream' });
const read = (offset: string | number | Typed, tag = 'c'): Outgoing =>
  consume('p.st', tag, {}, { 'x-stream-offset': offset });

/** With a stream of three messages, all of them confirmed, in which the second has headers of its own. */
const onStream = (row: string, name: string, ...items: readonly Outgoing[]): Case => ({
  name: `stream: ${name}`,
  row,
  async run(session) {
    const wire = await session.connect();
    await wire.steps(stream, confirmSelect);
    const second = publish('', 'p.st', 'b', { headers: { a: 1 }, 'content-type': 'text/plain', priority: 3 });
    for (const item of [publish('', 'p.st', 'a'), second, publish('', 'p.st', 'c')]) {
      await wire.steps(item);
      await wire.confirmed();
    }
    await wire.steps(...items);
    await wire.settle();
  },
});

export const streamCases: readonly Case[] = [
  onStream('QUE-32', 'from the first on', qos(10), read('first'), delivered(3)),
  onStream('QUE-32', 'an ack gives credit and takes nothing away', qos(1), read('first'), delivered(1), ack(1),
    delivered(2), read('first', 'd'), delivered(3)),
  onStream('QUE-33', 'the last one', qos(10), read('last'), delivered(1)),
  onStream('QUE-33', 'from a number on', qos(10), read(1), delivered(2)),
  onStream('QUE-33', 'from a number on that is not there yet', qos(10), read(100)),
  onStream('QUE-33', 'from a number on that is below all', qos(10), read(-5), delivered(3)),
  onStream('QUE-33', 'of the last hour', qos(10), read('1h'), delivered(3)),
  onStream('QUE-33', 'what is next', qos(10), read('next'), publish('', 'p.st', 'd'), delivered(1)),
  onStream('QUE-33', 'what is next, where nothing is said', qos(10), consume('p.st', 'c'), publish('', 'p.st', 'd'),
    delivered(1)),
  onStream('QUE-33', 'an interval of nothing', qos(10), read('0s')),
  onStream('QUE-33', 'an offset that is a word', qos(10), read('soon')),
  onStream('QUE-33', 'an offset that is a double 1.0', qos(10), read(typed('d', 1))),
  onStream('QUE-32', 'no prefetch', read('first')),
  onStream('QUE-32', 'no acknowledgements', qos(1), consume('p.st', 'c', noAck)),
  onStream('QUE-32', 'no acknowledgements and no prefetch', consume('p.st', 'c', noAck)),
  onStream('QUE-32', 'global prefetch', qos(1), qos(1, { global: true }), read('first')),
  onStream('QUE-32', 'exclusive consumer', qos(1), consume('p.st', 'c', { exclusive: true }), read('first', 'd'),
    delivered(1)),
  onStream('BAS-12', 'x-priority of a consumer', qos(1), consume('p.st', 'c', {}, { 'x-priority': 1 })),
  onStream('QUE-32', 'basic.get', get('p.st')),
  onStream('QUE-10', 'queue.purge', purge('p.st')),
  onStream('QUE-32', 'basic.nack with requeue', qos(1), read('first'), delivered(1), nack(1, requeue)),
  onStream('QUE-32', 'basic.reject', qos(1), read('first'), delivered(1), reject(1)),
  onStream('QUE-08', 'bound', bind('p.st', 'amq.fanout'), qos(9), read('next'), publish('amq.fanout', 'k', 'd'),
    delivered(1)),
  onStream('QUE-11', 'deleted, whatever the conditions', deleteQueue('p.st', { 'if-unused': true, 'if-empty': true })),
];
