/**
 * Faults that are planted into the broker, to see that the simulator finds them. Each changes production code from
 * the outside, as long as `undo` is not called.
 */
import { Broker } from '../../core/broker/broker.ts';
import { Confirms } from '../../core/broker/publish/confirms.ts';
import { DelayedMessages } from '../../core/broker/exchange/delayed-messages.ts';
import { Persistence } from '../../core/broker/durable/persistence.ts';
import { decodeRecord } from '../../core/broker/durable/records.ts';
import { DurableStreams } from '../../core/broker/durable/streams.ts';
import type { DurableStream } from '../../core/broker/queue/queue-host.ts';
import { Consumer } from '../../core/broker/delivery/consumer.ts';
import { Gate } from '../../core/broker/delivery/gate.ts';
import { Queue } from '../../core/broker/queue/abstract-queue.ts';
import { ClassicQueue } from '../../core/broker/queue/classic-queue.ts';
import { Ready } from '../../core/broker/queue/ready.ts';
import { StreamLog } from '../../core/broker/queue/stream-log.ts';
import { StreamQueue } from '../../core/broker/queue/stream-queue.ts';
import { ServerConnection } from '../../core/broker/connection/server-connection.ts';
import { Turn } from '../../core/broker/turn/turn.ts';
import { Unacked } from '../../core/broker/delivery/unacked.ts';
import { VirtualHost } from '../../core/broker/virtual-host.ts';
import type { Delivery } from '../../core/broker/delivery/delivery.ts';
import { AmqpError } from '../../core/errors.ts';
import type { Journal } from '../../core/storage/journal.ts';
import { Session } from '../../core/session/session.ts';
import { RecordGroup } from '../../core/storage/record-group.ts';

export interface Mutation {
  readonly name: string;
  /** The check that is to find it; default: any. */
  readonly check?: string;
  /** A seed that found it lately, which is tried before all others. */
  readonly seed?: number;
  /** Plants the fault, and answers how to take it out. */
  plant(): () => void;
}

function patch<T extends object, K extends keyof T>(target: T, key: K, change: (original: T[K]) => T[K]): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(target, key)!;
  const original = (descriptor.value ?? descriptor.get) as T[K];
  const changed = change(original);
  const kind = descriptor.get === undefined ? 'value' : 'get';
  Object.defineProperty(target, key, { ...descriptor, [kind]: changed });
  return () => void Object.defineProperty(target, key, descriptor);
}

export const mutations: readonly Mutation[] = [
  {
    name: 'confirm before sync',
    seed: 13,
    plant: () => patch(Persistence.prototype, 'whenDurable', () => (run) => run()),
  },
  {
    name: 'a turn without end',
    seed: 14,
    check: 'budget',
    plant: () => {
      const undo = [
        patch(Turn.prototype, 'isSpent', () => (() => false) as never),
        patch(Turn.prototype, 'isInputSpent', () => (() => false) as never),
      ];
      return () => undo.forEach((each) => each());
    },
  },
  {
    name: 'one who floods is read to its end before others',
    seed: 22,
    check: 'fairness',
    plant: () => patch(Session.prototype, 'goOn', (original) => function goOn(this: Session<'server'>) {
      while (original.call(this)) ;
      return false;
    } as never),
  },
  {
    name: 'dead letters are sent as soon as one dies',
    seed: 14,
    check: 'budget',
    plant: () => patch(Turn.prototype, 'afterwards', () => (_source, run) => run()),
  },
  {
    name: 'keeps more than x-max-length-bytes',
    seed: 12,
    check: 'length',
    plant: () => patch(VirtualHost.prototype, 'ensureQueue', (original) =>
      function ensureQueue(this: VirtualHost, declaration, owner) {
        const queue = original.call(this, declaration, owner);
        const { maxLengthBytes } = queue.settings;
        const given = declaration.arguments?.['x-max-length-bytes'];
        if (given === maxLengthBytes && maxLengthBytes !== undefined) {
          Object.assign(queue.settings, { maxLengthBytes: maxLengthBytes + 50 });
        }
        return queue;
      }),
  },
  {
    name: 'a restart in place keeps what is not persistent',
    seed: 76,
    check: 'restart',
    plant: () => patch(ClassicQueue.prototype, 'dropTransient', () => () => {}),
  },
  {
    name: 'lost requeue on channel close',
    seed: 3,
    plant: () => patch(Unacked.prototype, 'takeAll', (original) => function takeAll(this: Unacked) {
      return original.call(this).slice(1);
    }),
  },
  {
    name: 'keeps one more than x-max-length',
    seed: 22,
    check: 'length',
    plant: () => patch(VirtualHost.prototype, 'ensureQueue', (original) =>
      function ensureQueue(this: VirtualHost, declaration, owner) {
        const queue = original.call(this, declaration, owner);
        const { maxLength } = queue.settings;
        const given = declaration.arguments?.['x-max-length'];
        if (given === maxLength && maxLength !== undefined) Object.assign(queue.settings, { maxLength: maxLength + 1 });
        return queue;
      }),
  },
  {
    name: 'wrong requeue position',
    seed: 14,
    plant: () => patch(Ready.prototype, 'requeue', (original) => function requeue(this: Ready, delivery: Delivery) {
      Object.assign(delivery, { position: 1_000_000 - delivery.position });
      original.call(this, delivery);
    }),
  },
  {
    name: 'prefetch off by one',
    seed: 9,
    plant: () => patch(Consumer.prototype, 'ready', () => function ready(this: Consumer) {
      const { gate, prefetch } = this.options;
      return gate.open && (prefetch === 0 || this.unacked <= prefetch);
    } as never),
  },
  {
    name: 'dead letter not atomic',
    seed: 21,
    plant: () => patch(Broker.prototype, 'recover', (original) => function recover(this: Broker) {
      splitGroups(this.persistence!.journal);
      return original.call(this);
    }),
  },
  {
    name: 'a quorum queue forgets what is not persistent',
    seed: 16,
    check: 'durability',
    plant: () => patch(ClassicQueue.prototype, 'keepsAll', () => (() => false) as never),
  },
  {
    name: 'what fell due meanwhile comes out as it was published',
    seed: 76,
    check: 'due order',
    plant: () => patch(DelayedMessages.prototype, 'restored', (original) => function restored(this: DelayedMessages) {
      const undo = patch(Array.prototype, 'sort', () => function sort(this: unknown[]) {
        return this;
      });
      original.call(this);
      undo();
    }),
  },
  {
    name: 'a purge is not kept',
    seed: 7,
    plant: () => patch(ClassicQueue.prototype, 'purge', (original) => function purge(this: ClassicQueue) {
      const undo = patch(Persistence.prototype, 'left', () => () => {});
      const count = original.call(this);
      undo();
      return count;
    }),
  },
  {
    name: 'a deletion asks no conditions',
    seed: 18,
    plant: () => patch(Queue.prototype, 'checkDeletable', () => () => {}),
  },
  {
    name: 'returns are not kept',
    seed: 11,
    plant: () => patch(Persistence.prototype, 'returned', () => () => {}),
  },
  {
    name: 'some of what came to a stream is not kept',
    seed: 16,
    plant: () => patch(DurableStreams.prototype, 'grown', (original) => {
      let count = 0;
      return function grown(this: DurableStreams, stream: DurableStream) {
        if (++count % 5 !== 0) original.call(this, stream);
      };
    }),
  },
  {
    name: 'retention takes one part too many',
    seed: 52,
    plant: () => patch(StreamLog.prototype, 'trim', (original) => function trim(this: StreamLog, now) {
      const before = this.segments.length;
      const agedAt = original.call(this, now);
      if (this.segments.length < before && this.segments.length > 1) this.drop(this.segments[0]!);
      return agedAt;
    }),
  },
  {
    name: 'who does not read is sent more',
    seed: 2,
    plant: () => patch(Gate.prototype, 'setWritable', () => () => {}),
  },
  {
    name: 'one client\'s illegal method stops the deliveries of others',
    seed: 7,
    check: 'liveness',
    plant: () => patch(ServerConnection.prototype, 'onChannelEnd', (original) =>
      function onChannelEnd(this: ServerConnection, channel, error) {
        original.call(this, channel, error);
        if (error !== undefined) stopDeliveries(this.broker, true);
      }),
  },
  {
    name: 'one client that does not read stops the deliveries of others',
    seed: 43,
    check: 'liveness',
    plant: () => patch(ServerConnection.prototype, 'onWritable', (original) =>
      function onWritable(this: ServerConnection, on) {
        original.call(this, on);
        stopDeliveries(this.broker, !on);
      }),
  },
  {
    name: 'one client that is lost takes another one with it',
    seed: 9,
    check: 'liveness',
    plant: () => patch(ServerConnection.prototype, 'onEnd', (original) => function onEnd(this: ServerConnection, end) {
      original.call(this, end);
      const [other] = this.broker.connections;
      if (end.by === 'transport') other?.close(new AmqpError('INTERNAL_ERROR', 'for nothing'));
    }),
  },
  {
    name: 'some confirms never go out',
    seed: 4,
    check: 'liveness',
    plant: () => patch(Confirms.prototype, 'flush', (original) => {
      let count = 0;
      return function flush(this: Confirms, upTo, sink) {
        return ++count % 10 === 0 ? 0 : original.call(this, upTo, sink);
      };
    }),
  },
  {
    name: 'a binding goes though the disk failed',
    seed: 8,
    plant: () => patch(VirtualHost.prototype, 'unbind', () => (source, binding) => source.unbind(binding)),
  },
  {
    name: 'readers of a stream have what is not durable',
    seed: 16,
    plant: () => patch(StreamQueue.prototype, 'next', (original) => function next(this: StreamQueue, run) {
      original.call(this, run);
      this.show(this.log.next);
    }),
  },
];

function stopDeliveries(broker: Broker, stop: boolean): void {
  for (const { channels } of broker.connections) {
    for (const { gate } of channels) gate.setFlow(!stop);
  }
}

/** What left a queue is written before what came to another one, and not together with it. */
function splitGroups(journal: Journal): void {
  const appendAll = journal.appendAll.bind(journal);
  Object.assign(journal, {
    appendAll(group: RecordGroup) {
      const records = [...group];
      const isSettlement = (record: Uint8Array): boolean => decodeRecord(record).kind === 'settled';
      const settlements = records.filter(isSettlement).map((record) => journal.append(record));
      const others = records.filter((record) => !isSettlement(record));
      const rest = others.length === 0 ? [] : [...appendAll(RecordGroup.of(others))];
      return records.map((record) => (isSettlement(record) ? settlements : rest).shift()!);
    },
  });
}
