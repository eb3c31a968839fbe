import { durabilityDefaults, type DurabilityOptions } from '../broker/durable/options.ts';
import { limits } from '../limits.ts';
import type { FieldTable } from '../protocol/types.ts';
import type { Chance } from './chance.ts';
import type { NetworkManners } from './sim-network.ts';

/** A durable queue that every run has, and of whose messages the model keeps account. */
export interface QueuePlan {
  readonly name: string;
  readonly arguments: FieldTable;
  /** Where dead letters of it go; nothing else goes there. */
  readonly deadQueue: string | undefined;
}

/** A durable exchange that every run has. */
export interface ExchangePlan {
  readonly name: string;
  readonly type: 'direct' | 'fanout' | 'topic' | 'headers' | 'x-delayed-message';
  readonly arguments?: FieldTable;
  readonly bindings: readonly BindingPlan[];
}

/** A binding with its exchange. */
export interface FullBinding {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** All bindings that lead to a queue, or, where none is named, to any. */
export function bindingsOf({ exchanges }: Pick<Plan, 'exchanges'>, only?: string): FullBinding[] {
  return exchanges.flatMap(({ name: exchange, bindings }) =>
    bindings.filter(({ queue }) => only === undefined || queue === only)
      .map(({ queue, key, arguments: table = {} }) =>
        ({ queue, exchange, routingKey: key, arguments: table })));
}

export interface BindingPlan {
  readonly queue: string;
  readonly key: string;
  readonly arguments?: FieldTable;
}

/** Where messages go, and from nowhere else, that a delayed exchange held back. */
export const LATE = 'late';
/** What holds them back, among the queues of the model. */
export const DELAYED = 'delayed';

/** Numbers of the actors who manage queues, and who follow the stream. */
export const MANAGER = -2;
export const FOLLOWER = -3;

/** How often each kind of operation is drawn. */
export type Weights = Readonly<Record<
  Exclude<OperationKind, ManagerOperation | 'follow' | 'neighbour'>, number
>>;

export type OperationKind =
  | 'publish' | 'confirm' | 'transact' | 'commit' | 'rollback' | 'consume' | 'cancel' | 'qos'
  | 'get' | 'ack' | 'nack' | 'reject' | 'recover' | 'flow' | 'closeChannel' | 'closeConnection'
  | 'passing' | 'library' | 'append' | 'read'
  | 'illegal' | 'reset' | 'halfClose' | 'stopReading' | 'readOn'
  | 'kill' | 'losePower' | 'breakOff'
  | 'slowDisk' | 'fastDisk' | 'fillDisk' | 'freeDisk' | 'failDisk'
  | 'damageDisk' | 'jumpClock' | ManagerOperation | 'follow' | 'neighbour';

/** Ways of asking for more than one's share without breaking a rule. */
export const greeds = ['flood', 'storm', 'tables', 'strangers'] as const;
export type Greed = typeof greeds[number];

/** What is asked of the queues that are kept account of, by somebody who does nothing else. */
export type ManagerOperation = 'inspect' | 'purge' | 'replace' | 'rebind';

export const managing = { inspect: 3, purge: 2, replace: 2 };

/** What somebody does who only reads the stream, and acknowledges late. */
export const following = {
  follow: 4, ack: 12, cancel: 1, closeChannel: 1, closeConnection: 0.5, stopReading: 1, readOn: 2,
  reset: 0.5,
};

/** What a seed switches on and off (swarm testing: no run has everything, all runs together do). */
export interface Plan {
  readonly actors: number;
  readonly channels: number;
  readonly operations: number;
  /** Longest pause between operations, in milliseconds. */
  readonly pauseMs: number;
  readonly queues: readonly QueuePlan[];
  readonly exchanges: readonly ExchangePlan[];
  /** Whether there is a client that does nothing wrong, and must not notice those who do. */
  readonly neighbour: boolean;
  /** What others do beside it who want more than their share. */
  readonly greeds: readonly Greed[];
  /** Arguments of the stream, where there is one. */
  readonly stream: FieldTable | undefined;
  readonly weights: Weights;
  readonly manners: NetworkManners;
  /** What a sync takes on average, and any other operation of the disk. */
  readonly syncMs: number;
  readonly writeMs: number;
  /** Bytes that the disk takes at once. */
  readonly writeBytesMax: number;
  readonly segmentBytes: number;
  readonly durability: DurabilityOptions;
  /** Work of a turn: of some brokers so little that nearly all is cut. */
  readonly turnWork: number;
  /** How often a channel that publishes asks for confirms, of 1. */
  readonly confirming: number;
  /** Share of messages that are persistent, that expire, and that are large, of 1. */
  readonly persistent: number;
  readonly expiring: number;
  readonly large: number;
  readonly priorities: boolean;
  readonly noAck: number;
  readonly prefetchMax: number;
}

export function drawPlan(chance: Chance): Plan {
  const queues = drawQueues(chance);
  return {
    actors: chance.between(2, 4),
    channels: chance.between(1, 3),
    operations: chance.between(80, 300),
    pauseMs: chance.pick([2, 10, 40]),
    queues,
    exchanges: drawExchanges(chance, queues.map(({ name }) => name)),
    neighbour: false,
    greeds: [],
    stream: chance.happens(0.5) ? drawStream(chance) : undefined,
    weights: drawWeights(chance),
    manners: drawManners(chance),
    syncMs: chance.pick([0, 2, 20, 100]),
    writeMs: chance.pick([0, 0, 1]),
    writeBytesMax: chance.pick([Infinity, 1000, 100]),
    confirming: chance.pick([0, 0.8, 1]),
    segmentBytes: chance.pick([4096, 16_384, 131_072]),
    durability: drawDurability(chance),
    turnWork: limits.turnWork,
    persistent: chance.pick([1, 1, 0.8]),
    expiring: chance.pick([0, 0, 0.3]),
    large: chance.pick([0, 0.05, 0.2]),
    priorities: chance.happens(0.5),
    noAck: chance.pick([0, 0.2]),
    prefetchMax: chance.pick([1, 3, 20]),
  };
}

/** Some brokers hold next to nothing in memory, and some give disk space back at once. */
function drawDurability(chance: Chance): DurabilityOptions {
  const pages = chance.happens(0.6);
  const { residentBytesMax, residentBytesAtStart, ...usual } = durabilityDefaults;
  return {
    residentBytesMax: pages ? chance.pick([10_000, 0]) : residentBytesMax,
    residentBytesAtStart: pages ? chance.pick([10_000, 0]) : residentBytesAtStart,
    residentMessagesPerQueue: chance.pick([usual.residentMessagesPerQueue, 2]),
    streamResidentBytes: chance.pick([usual.streamResidentBytes, 0]),
    journalPendingBytesMax: chance.pick([usual.journalPendingBytesMax, 20_000]),
    journalBytesKept: chance.pick([usual.journalBytesKept, 50_000, 20_000]),
    compactionSettledBytes: chance.pick([usual.compactionSettledBytes, 10_000, 0]),
    compactionGroupBytes: chance.pick([usual.compactionGroupBytes, 0]),
  };
}

function drawQueues(chance: Chance): QueuePlan[] {
  const features = {
    deadLetter: chance.happens(0.75), ttl: chance.happens(0.3), maxLength: chance.happens(0.3),
    priority: chance.happens(0.3), single: chance.happens(0.3), quorum: chance.happens(0.3),
  };
  const count = chance.between(1, 4);
  return Array.from({ length: count }, (_, index) => {
    const name = `queue-${index}`;
    const deadQueue = features.deadLetter && chance.happens(0.7) ? `${name}.dead` : undefined;
    return { name, deadQueue, arguments: drawArguments(chance, features, deadQueue) };
  });
}

function drawArguments(
  chance: Chance, features: Readonly<Record<string, boolean>>, deadQueue: string | undefined,
): FieldTable {
  const given = (feature: string): boolean => features[feature]! && chance.happens(0.5);
  const table: FieldTable = {};
  if (deadQueue !== undefined) {
    table['x-dead-letter-exchange'] = '';
    table['x-dead-letter-routing-key'] = deadQueue;
  }
  if (given('ttl')) table['x-message-ttl'] = chance.pick([0, 20, 500]);
  if (given('maxLength')) {
    table['x-max-length'] = chance.pick([1, 5, 20]);
    table['x-overflow'] = chance.pick(['drop-head', 'reject-publish']);
  }
  if (given('single')) table['x-single-active-consumer'] = true;
  if (given('quorum')) {
    table['x-queue-type'] = 'quorum';
    table['x-delivery-limit'] = chance.between(1, 5);
  } else if (given('priority')) {
    table['x-max-priority'] = chance.pick([1, 5]);
  }
  return table;
}

/** Its segments are small, so that there are many. */
function drawStream(chance: Chance): FieldTable {
  return {
    'x-queue-type': 'stream', 'x-stream-max-segment-size-bytes': chance.pick([1000, 20_000]),
  };
}

/** How much of a stream is kept, and how long; in parts so small that some can go. */
export function drawRetention(chance: Chance): FieldTable {
  return {
    'x-stream-max-segment-size-bytes': chance.pick([300, 1000]),
    ...(chance.happens(0.8) ? { 'x-max-length-bytes': chance.pick([1000, 5000]) } : {}),
    ...(chance.happens(0.4) ? { 'x-max-age': chance.pick(['1s', '3s']) } : {}),
  };
}

function drawExchanges(chance: Chance, names: readonly string[]): ExchangePlan[] {
  const some = (): string[] => names.filter(() => chance.happens(0.6));
  const keys = ['a', 'a.b', 'a.b.c', 'c'];
  const patterns = ['#', '*', 'a.#', '*.b', 'a.*.c', 'a.b.#', '#.c'];
  return [
    { name: 'fan', type: 'fanout', bindings: some().map((queue) => ({ queue, key: '' })) },
    {
      name: 'keys', type: 'direct',
      bindings: some().map((queue) => ({ queue, key: chance.pick(keys) })),
    },
    {
      name: 'topics', type: 'topic',
      bindings: some().map((queue) => ({ queue, key: chance.pick(patterns) })),
    },
    {
      name: 'heads', type: 'headers',
      bindings: some().map((queue) => ({ queue, key: '', arguments: drawHeaders(chance) })),
    },
    {
      name: DELAYED, type: 'x-delayed-message', arguments: { 'x-delayed-type': 'fanout' },
      bindings: [{ queue: LATE, key: '' }],
    },
  ];
}

function drawHeaders(chance: Chance): FieldTable {
  return { 'x-match': chance.pick(['all', 'any']), a: chance.below(2), b: chance.pick(['x', 'y']) };
}

function drawWeights(chance: Chance): Weights {
  const often = (weight: number, share = 0.7): number => (chance.happens(share) ? weight : 0);
  const crashes = often(1);
  const faulty = chance.happens(0.6);
  const network = (weight: number): number => (faulty ? often(weight) : 0);
  const diskFaults = chance.happens(0.5);
  const disk = (weight: number): number => (diskFaults ? weight : 0);
  const transactions = often(1, 0.5);
  return {
    publish: 30, confirm: often(6), transact: 2 * transactions, commit: 5 * transactions,
    rollback: transactions, consume: 8, cancel: often(2), qos: often(3), get: often(4),
    ack: 15, nack: often(6), reject: often(6), recover: often(1), flow: often(1, 0.3),
    closeChannel: often(2), closeConnection: often(1), passing: often(3),
    library: often(6, 0.5), append: often(12), read: often(3), illegal: often(2, 0.5),
    reset: network(2), halfClose: network(1), stopReading: network(2), readOn: 2,
    kill: crashes, losePower: crashes, breakOff: 6 * crashes,
    slowDisk: disk(2), fastDisk: disk(2), fillDisk: disk(1), freeDisk: disk(2),
    failDisk: disk(0.5), damageDisk: disk(1), jumpClock: often(2, 0.3),
  };
}

function drawManners(chance: Chance): NetworkManners {
  const faulty = chance.happens(0.7);
  return {
    delayMs: chance.pick([0, 3, 30]),
    splits: faulty ? chance.pick([0, 0.1, 0.5]) : 0,
    merges: faulty ? chance.pick([0, 0.5, 1]) : 0.5,
    clogs: faulty ? chance.pick([0, 0.02]) : 0,
    clogMs: 400,
    unsentBytesMax: chance.pick([500, 5000, 1_048_576]),
  };
}
