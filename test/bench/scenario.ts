import type { Metric } from './metric.ts';

/** The scenarios, declared: what each one loads a broker with and what TabMQ must reach in it. */

export type BrokerName = 'tabmq' | 'rabbitmq' | 'ceiling';

/** What the generator is asked for; each name is an option of its own command line. */
export interface Load {
  readonly messages: number;
  readonly bodyBytes: number;
  readonly publishers?: number;
  readonly consumers?: number;
  readonly queues?: number;
  readonly durable?: true;
  readonly stream?: true;
  readonly persistent?: true;
  readonly confirmWindow?: number;
  readonly ackEvery?: number;
  readonly prefetch?: number;
  readonly rate?: number;
  readonly exchange?: 'fanout' | 'topic';
  readonly bindings?: number;
  readonly keep?: true;
  readonly websocket?: true;
}

/** A bound for TabMQ's figure: on its ratio to RabbitMQ's, or on the figure itself. */
export interface Floor {
  readonly metric: Metric;
  readonly of: 'ratio' | 'figure';
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

export type Phase = {
  readonly name: string;
  readonly title: string;
  readonly floors?: readonly Floor[];
} & (
  | {
    readonly kind: 'load';
    readonly load: Load;
    /** Take what is on the disk afterwards as well, which takes some seconds. */
    readonly measuresStore?: boolean;
    /** The phase before, whose deliveries a second this one's are compared with. */
    readonly shortPhase?: string;
  }
  /** End the broker by a signal, and start it on what it had stored. */
  | { readonly kind: 'restart'; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly kind: 'idle'; readonly connections: number }
  | { readonly kind: 'launch' }
);

export interface Scenario {
  readonly name: string;
  /** Run in this order against the same broker process. */
  readonly phases: readonly Phase[];
  /** Start a new broker for every repeat, because a used one would falsify the figure. */
  readonly freshBroker?: true;
  /**
   * Runs first on each new broker and is not counted: a steady state is that of a broker that has
   * run for a while, with its hot paths compiled.
   */
  readonly warmUp?: Load;
  /** The brokers that speak what the scenario needs; without it, all. */
  readonly brokers?: readonly BrokerName[];
}

const ratioAtLeast = (metric: Metric, value: number): Floor => {
  return { metric, of: 'ratio', bound: 'at least', value };
};
const ratioAtMost = (metric: Metric, value: number): Floor => {
  return { metric, of: 'ratio', bound: 'at most', value };
};
const figureAtMost = (metric: Metric, value: number): Floor => {
  return { metric, of: 'figure', bound: 'at most', value };
};

const figureAtLeast = (metric: Metric, value: number): Floor => {
  return { metric, of: 'figure', bound: 'at least', value };
};

/** A scenario of a single load, which bears its name. */
function loadScenario(
  name: string,
  title: string,
  load: Load,
  floors: readonly Floor[] = [],
): Scenario {
  return { name, phases: [{ name, title, kind: 'load', load, floors }] };
}

const FOUR_BY_FOUR = { publishers: 4, consumers: 4, queues: 4 } as const;
const PERSISTENT = {
  messages: 150_000,
  bodyBytes: 1024,
  durable: true,
  persistent: true,
  confirmWindow: 1000,
  prefetch: 250,
} as const;

/** Until then V8 has compiled what is hot, so that figures stay what they are. */
const WARM_UP = { ...PERSISTENT, messages: 300_000, ackEvery: 1 } as const;

/** Persistent messages that wait, and how they go again. */
const STORED = { ...PERSISTENT, consumers: 0, keep: true } as const;
const DRAINED = { ...PERSISTENT, publishers: 0, ackEvery: 1 } as const;

const STREAM = { messages: 1_000_000, bodyBytes: 100, durable: true, stream: true } as const;

const STEADY = { messages: 25_000, bodyBytes: 16, rate: 5000 } as const;
const STEADY_PERSISTENT = {
  ...PERSISTENT, messages: 25_000, confirmWindow: 5000, ackEvery: 1, rate: 5000,
} as const;

export const SCENARIOS: readonly Scenario[] = [
  loadScenario(
    'transient',
    '1 publisher, 1 consumer, 16 B transient, no ack',
    { messages: 1_000_000, bodyBytes: 16 },
    [ratioAtLeast('deliveredPerSecond', 6), ratioAtMost('cpuSecondsPerMillion', 1 / 10)],
  ),
  loadScenario('transient-4x4', 'the same, 4 publishers and 4 consumers on 4 queues', {
    messages: 1_000_000,
    bodyBytes: 16,
    ...FOUR_BY_FOUR,
  }),
  {
    ...loadScenario(
      'persistent',
      '1 KiB persistent, 1,000 unconfirmed, each acked, prefetch 250',
      { ...PERSISTENT, ackEvery: 1 },
      [ratioAtLeast('deliveredPerSecond', 6), ratioAtMost('cpuSecondsPerMillion', 1 / 10)],
    ),
    warmUp: WARM_UP,
  },
  loadScenario('persistent-ack10', 'the same, one ack for 10 deliveries', {
    ...PERSISTENT,
    ackEvery: 10,
  }),
  loadScenario('persistent-4x4', '1 KiB persistent, each acked, 4 x 4 on 4 queues', {
    ...PERSISTENT,
    ackEvery: 1,
    ...FOUR_BY_FOUR,
  }),
  loadScenario(
    'fanout',
    'fan-out to 10 queues and 10 consumers, 16 B',
    { messages: 60_000, bodyBytes: 16, exchange: 'fanout', queues: 10, consumers: 10 },
    [ratioAtLeast('deliveredPerSecond', 6), ratioAtMost('cpuSecondsPerMillion', 1 / 10)],
  ),
  loadScenario(
    'topic',
    'topic exchange with 10,000 bindings to 10 queues, 16 B',
    {
      messages: 200_000,
      bodyBytes: 16,
      exchange: 'topic',
      bindings: 10_000,
      queues: 10,
      consumers: 10,
    },
    [ratioAtLeast('deliveredPerSecond', 10), ratioAtMost('cpuSecondsPerMillion', 1 / 20)],
  ),
  loadScenario('topic-one', 'topic exchange with 1 binding, 16 B', {
    messages: 400_000,
    bodyBytes: 16,
    exchange: 'topic',
    bindings: 1,
  }),
  {
    name: 'backlog',
    phases: [
      {
        name: 'backlog-fill',
        title: '1,000,000 messages of 100 B into a queue without a consumer',
        kind: 'load',
        load: { messages: 1_000_000, bodyBytes: 100, consumers: 0, keep: true },
        floors: [ratioAtLeast('publishedPerSecond', 10), figureAtMost('residentMiB', 350)],
      },
      {
        name: 'backlog-drain',
        title: 'and out of it again',
        kind: 'load',
        load: { messages: 1_000_000, bodyBytes: 100, publishers: 0 },
        floors: [ratioAtLeast('deliveredPerSecond', 10)],
      },
    ],
  },
  {
    name: 'recovery',
    freshBroker: true,
    brokers: ['tabmq', 'rabbitmq'],
    phases: [
      {
        name: 'recovery-fill',
        title: '1,000,000 messages of 1 KiB, persistent, into a queue without a consumer',
        kind: 'load',
        load: { ...STORED, messages: 1_000_000 },
        measuresStore: true,
      },
      {
        name: 'recovery-stopped',
        title: 'stopped in good order, and started with all of them',
        kind: 'restart',
        signal: 'SIGTERM',
        floors: [figureAtMost('openSeconds', 3)],
      },
      {
        name: 'recovery-killed',
        title: 'killed, and started with all of them',
        kind: 'restart',
        signal: 'SIGKILL',
        floors: [figureAtMost('openSeconds', 3)],
      },
      {
        name: 'recovery-drain',
        title: 'and out of the queue again',
        kind: 'load',
        load: { ...DRAINED, messages: 1_000_000 },
        measuresStore: true,
        floors: [figureAtMost('storeMiB', 64)],
      },
    ],
  },
  {
    name: 'backlog-persistent',
    freshBroker: true,
    brokers: ['tabmq'],
    warmUp: WARM_UP,
    phases: [
      {
        name: 'short-fill',
        title: '50,000 messages of 1 KiB, persistent: all in memory',
        kind: 'load',
        load: { ...STORED, messages: 50_000 },
      },
      {
        name: 'short-drain',
        title: 'and out of the queue again',
        kind: 'load',
        load: { ...DRAINED, messages: 50_000 },
      },
      {
        name: 'long-fill',
        title: '5,000,000 of them: more than memory is to hold',
        kind: 'load',
        load: { ...STORED, messages: 5_000_000 },
        measuresStore: true,
        floors: [figureAtMost('residentMiB', 600), figureAtLeast('lastFifthShare', 0.5)],
      },
      {
        name: 'long-drain',
        title: 'and out of the queue again',
        kind: 'load',
        load: { ...DRAINED, messages: 5_000_000 },
        measuresStore: true,
        shortPhase: 'short-drain',
        floors: [
          figureAtLeast('shareOfShort', 0.5),
          figureAtMost('residentMiB', 600), figureAtMost('storeMiB', 64),
        ],
      },
    ],
  },
  {
    name: 'stream',
    phases: [
      {
        name: 'stream-fill',
        title: '1,000,000 messages of 100 B into a stream',
        kind: 'load',
        load: { ...STREAM, consumers: 0, keep: true },
      },
      {
        name: 'stream-replay',
        title: 'and read again from the beginning, prefetch 10,000, one ack for 1,000 deliveries',
        kind: 'load',
        load: { ...STREAM, publishers: 0, prefetch: 10_000, ackEvery: 1000 },
        // Or five times what RabbitMQ does, which stands beside it.
        floors: [figureAtLeast('deliveredPerSecond', 500_000)],
      },
    ],
  },
  {
    ...loadScenario(
      'latency',
      'a steady 5,000 messages/s of 16 B',
      STEADY,
      [ratioAtMost('p50Microseconds', 1), ratioAtMost('p99Microseconds', 1)],
    ),
    warmUp: { ...STEADY, messages: 50_000 },
  },
  {
    ...loadScenario(
      'latency-persistent', 'a steady 5,000 messages/s of 1 KiB, persistent, confirmed',
      STEADY_PERSISTENT,
      [ratioAtMost('p50Microseconds', 1), ratioAtMost('p99Microseconds', 1)],
    ),
    warmUp: { ...STEADY_PERSISTENT, messages: 50_000 },
  },
  {
    ...loadScenario('websocket', '1 publisher, 1 consumer, 16 B transient, over WebSocket', {
      messages: 1_000_000,
      bodyBytes: 16,
      websocket: true,
    }),
    brokers: ['tabmq'],
  },
  {
    name: 'idle',
    freshBroker: true,
    brokers: ['tabmq', 'rabbitmq'],
    phases: [
      {
        name: 'idle',
        title: '5,000 idle connections of one channel each',
        kind: 'idle',
        connections: 5000,
        floors: [figureAtMost('residentKiBPerConnection', 25)],
      },
    ],
  },
  {
    name: 'launch',
    freshBroker: true,
    brokers: ['tabmq', 'rabbitmq'],
    phases: [
      {
        name: 'launch',
        title: 'launch to the first accepted connection',
        kind: 'launch',
        floors: [figureAtMost('openSeconds', 0.4)],
      },
    ],
  },
];
