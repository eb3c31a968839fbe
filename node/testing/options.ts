import { inspect } from 'node:util';
import { profiles, type BrokerOptions, type VirtualHost } from '../../core/index.ts';
import type { User } from '../users.ts';
import type { Definitions } from './definitions.ts';
import type { Duration } from './duration.ts';
import { checkWords, type Words } from './words.ts';

/** What `startTestBroker` takes; everything has a default. */
export interface TestBrokerOptions {
  /** What is there from the start: RabbitMQ definitions, or what declares it in vhost `/`. */
  readonly topology?: Definitions | ((vhost: VirtualHost) => void);
  /** What becomes of shovels and the like in definitions. Default: `refuse`. */
  readonly unsupported?: 'refuse' | 'ignore';
  /**
   * `wall`: time goes on by itself, and `advance` moves it ahead. `virtual`: it stands still
   * until `advance`. Default: `wall`.
   */
  readonly clock?: 'wall' | 'virtual';
  /** Date at which time starts. Default: the present. */
  readonly startAt?: Date;
  /**
   * Real time that `advance` gives a consumer to settle what was delivered to it on the way,
   * before it goes on. Default: 20 ms.
   */
  readonly patience?: Duration;
  /** Decides all that is random, of broker and faults. Default: TABMQ_SEED, or a new one. */
  readonly seed?: number;
  /** Default: guest, password guest. The first is the one in the URLs. */
  readonly users?: readonly User[];
  /** Virtual hosts beside `/` and those of the definitions. */
  readonly vhosts?: readonly string[];
  /** How long a delivery may stay unacknowledged; 0: for ever. Default: 30 min. BAS-27. */
  readonly consumerTimeout?: Duration;
  /** As in `BrokerOptions`. */
  readonly compatibility?: BrokerOptions['compatibility'];
  /** Largest body of a message in bytes, up to 512 MiB. Default: 128 MiB. */
  readonly messageBytesMax?: number;
  /** As in `BrokerOptions`. Default: `spec`, or by the profile. */
  readonly immediate?: BrokerOptions['immediate'];
  /**
   * Real time after which expectations fail, once what is on its way by then has come. Default:
   * 2 s.
   */
  readonly timeout?: Duration;
  /** `report`: leaks at the end go to stderr; `fail`: `stop` fails. Default: `report`. */
  readonly leaks?: 'report' | 'fail' | 'ignore';
  /** Where the frame log is written at the end, and when an expectation fails. Default: nowhere. */
  readonly frameLogFile?: string;
}

const testBrokerWords: Words<TestBrokerOptions> = {
  topology: 'any', unsupported: ['refuse', 'ignore'], clock: ['wall', 'virtual'], startAt: 'any',
  patience: 'any', seed: 'any', users: 'any', vhosts: 'any', consumerTimeout: 'any',
  compatibility: [...profiles], messageBytesMax: 'any', immediate: ['spec', 'refuse'],
  timeout: 'any', leaks: ['report', 'fail', 'ignore'], frameLogFile: 'any',
};

/** Throws a TypeError for an option that cannot be what was meant. */
export function checkTestBrokerOptions(options: TestBrokerOptions): void {
  checkWords('a test broker', options, testBrokerWords);
  const { topology, users, vhosts, seed, startAt } = options;
  if (typeof topology === 'string') {
    throw new TypeError('topology is definitions as JSON.parse gives them, and not their text');
  }
  if (Array.isArray(topology) || topology === null) {
    throw new TypeError('topology is definitions, such as { queues: [...] }, or a function that ' +
      `declares, and not ${topology === null ? 'null' : 'a list'}`);
  }
  check(users, isUsers,
    "users is a list of { name, password }, such as [{ name: 'bob', password: 'secret' }]");
  check(vhosts, isNames, "vhosts is a list of names, such as ['orders']");
  check(seed, Number.isInteger, 'seed is a whole number');
  check(startAt, (value) => value instanceof Date, 'startAt is a Date');
}

function check(value: unknown, isRight: (value: unknown) => boolean, rule: string): void {
  if (value === undefined || isRight(value)) return;
  throw new TypeError(`${rule}, and not ${inspect(value, { breakLength: Infinity })}`);
}

function isUsers(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((user: Partial<User> | null) =>
    typeof user?.name === 'string' && typeof user.password === 'string');
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
}
