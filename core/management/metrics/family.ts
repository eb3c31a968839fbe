import type { Broker } from '../../broker/broker.ts';

/** Labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** A sample of a metric. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The words of a metric, as Prometheus wants them. */
export interface MetricWords {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'untyped';
  readonly help: string;
}

/** Some of the samples of a metric; the first piece of each metric says so. */
export interface MetricPiece extends MetricWords {
  readonly isFirst: boolean;
  readonly samples: readonly Sample[];
}

/** A metric of each thing of some kind. */
export interface Metric<T> extends MetricWords {
  readonly of: (item: T) => number;
}

/** What is told of the process and the machine by whoever runs the broker. */
export interface NodeFacts {
  readonly openFiles: number;
  readonly maxFiles: number;
  readonly openSockets: number;
  readonly maxSockets: number;
  readonly residentBytes: number;
  readonly memoryLimitBytes: number;
  readonly diskFreeBytes: number;
  readonly diskLimitBytes: number;
  readonly uptimeSeconds: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly version: string;
  /** A name that stays as long as the data does. */
  readonly permanentId: string;
  readonly io: IoCounts;
  /** Logins since the start. */
  readonly logins: { readonly succeeded: number; readonly failed: number };
}

/** What was done to the files of the journal. */
export interface IoCounts {
  reads: number;
  readBytes: number;
  readSeconds: number;
  writes: number;
  writtenBytes: number;
  writeSeconds: number;
  syncs: number;
  syncSeconds: number;
}

/** What a metric is told of. */
export interface MetricView {
  readonly broker: Broker;
  readonly facts: NodeFacts;
}

/** Things of one kind with their labels and metrics. */
export interface MetricGroup<T> {
  /** How `/metrics/detailed` calls it. */
  readonly family: string;
  readonly items: (view: MetricView) => readonly T[];
  readonly labels: (item: T) => Labels;
  /** The virtual host of a thing; undefined: it is of all of them. */
  readonly vhost?: (item: T) => string | undefined;
  readonly metrics: readonly Metric<T>[];
}

/** A metric that rises, and one that also falls, by RabbitMQ's name without `rabbitmq_`. */
export function counter<T>(name: string, help: string, of: Metric<T>['of']): Metric<T> {
  return { name: `rabbitmq_${name}`, type: 'counter', help, of };
}

export function gauge<T>(name: string, help: string, of: Metric<T>['of']): Metric<T> {
  return { name: `rabbitmq_${name}`, type: 'gauge', help, of };
}
