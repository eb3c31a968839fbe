import type { Observable } from 'rxjs';
import type { Broker } from '../broker/broker.ts';
import type { Authenticator } from '../ports.ts';
import { Statistics } from './statistics/statistics.ts';
import type { Breathe } from './lists/list.ts';

/** A place where clients come in. */
export interface ListenerFacts {
  /** RabbitMQ's name of what is spoken there: `amqp`, `amqp/ssl`, `http`, `https`. */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** What is known of the process and its machine; what is absent is not known. */
export interface ProcessFacts {
  readonly pid?: number;
  /** Milliseconds since it started. */
  readonly uptimeMs?: number;
  readonly processors?: number;
  readonly memoryUsedBytes?: number;
  /** Where the memory alarm begins. */
  readonly memoryLimitBytes?: number;
  readonly diskFreeBytes?: number;
  /** Where the disk alarm begins. */
  readonly diskFreeLimitBytes?: number;
  readonly filesOpen?: number;
  readonly filesMax?: number;
  readonly socketsOpen?: number;
  readonly dataDirectory?: string;
  readonly configurationFiles?: readonly string[];
  readonly logFiles?: readonly string[];
}

/** A line of the log. */
export interface LogLine {
  /** Wall-clock time in milliseconds. */
  readonly at: number;
  readonly level: string;
  readonly component: string;
  readonly text: string;
}

/** What the API needs of the world beside the broker. */
export interface World {
  /** Who may come in. */
  readonly authenticator: Authenticator;
  /** Lets others have their turn while a long list is made. */
  readonly breathe: Breathe;
  readonly listeners: () => readonly ListenerFacts[];
  readonly process: () => ProcessFacts;
  /** Wall-clock times in milliseconds at which certificates end, by the file. */
  readonly certificatesEnd: () => ReadonlyMap<string, number>;
  /** Whether pages from there may ask for changes, beside those of the broker itself. */
  readonly allowsOrigin: (origin: string) => boolean;
  /** Whether pages from there may read answers. */
  readonly sharesWith: (origin: string) => boolean;
  /** Seconds for which a browser may remember that; undefined: it asks each time. */
  readonly corsMaxAgeSeconds: number | undefined;
  /** A text that nobody can guess; undefined: there are no sessions. */
  readonly secret: (() => string) | undefined;
  /** The log as it is written; undefined: there is none to be read. */
  readonly log$: Observable<LogLine> | undefined;
  /** Tells counts, and how fast they grow. */
  readonly statistics: Statistics;
  /** Called with what failed within the API, which is no refusal. */
  readonly onFault: (path: string, fault: unknown) => void;
}

/** The world of somebody who has the broker in process and nothing else. */
export function plainWorld(broker: Broker, given: Partial<World>): World {
  return {
    authenticator: broker.authenticator,
    breathe: () => Promise.resolve(),
    listeners: () => [],
    process: () => ({}),
    certificatesEnd: () => new Map<string, number>(),
    allowsOrigin: () => false,
    sharesWith: () => false,
    corsMaxAgeSeconds: undefined,
    secret: undefined,
    log$: undefined,
    onFault: () => {},
    statistics: given.statistics ?? new Statistics(broker),
    ...given,
  };
}
