import { limits } from '../limits.ts';
import type { Mechanism } from '../session/sasl.ts';
import type { GivenUser } from './access/first-users.ts';
import type { Profile } from './definition/compatibility.ts';

export interface BrokerOptions {
  /** Names of the virtual hosts. Default: `/` alone. */
  readonly vhosts?: readonly string[];
  /**
   * Who may log in beside those who were made at run time, and do everything in `vhosts`. Default:
   * none, and where there never was any user, guest with the password guest is made.
   */
  readonly users?: readonly GivenUser[];
  /** Whether guest is made at all. Default: true. */
  readonly makesGuest?: boolean;
  /**
   * How clients may log in. EXTERNAL, by a certificate, is offered to those alone that showed one.
   * Default: PLAIN and AMQPLAIN.
   */
  readonly mechanisms?: readonly Mechanism[];
  /**
   * Largest frame before it is tuned, in octets, as for tokens that stand for a password. Default:
   * 4096. TOP-3.
   */
  readonly untunedFrameBytesMax?: number;
  /**
   * Which RabbitMQ the broker does as, where versions differ. Default: `rabbitmq-4`, but it takes
   * what 4.3 alone refuses. A virtual host may have a profile of its own.
   */
  readonly compatibility?: Profile;
  /** `spec`: as AMQP says (IMM-6); `refuse`: 540, as RabbitMQ does. Default: by the profile. */
  readonly immediate?: 'spec' | 'refuse';
  /**
   * Largest body of a message in bytes, up to 512 MiB; larger: 406. BAS-01. Default: by the
   * profile, 16 MiB or 128 MiB.
   */
  readonly messageBytesMax?: number;
  /** How long a delivery may stay unacknowledged, in milliseconds; 0: for ever. BAS-27. */
  readonly consumerTimeoutMs?: number;
  /**
   * Memory at which the broker raises the memory alarm by itself, by what it counts: messages,
   * definitions, what waits to be sent. Default: none; `setAlarm` tells it what others see.
   */
  readonly memoryBytesMax?: number;
  /** Connections at once; one more is refused with 530. */
  readonly connectionsMax?: number;
  /** Work of one turn, after which others come first. Default: `limits.turnWork`. */
  readonly turnWork?: number;
  /** Told to clients in connection.start. */
  readonly node?: string;
  readonly platform?: string;
  readonly version?: string;
}

/** For the compiler to find that none is left out. */
const known: Readonly<Record<keyof BrokerOptions, true>> = {
  vhosts: true, users: true, makesGuest: true, mechanisms: true, untunedFrameBytesMax: true,
  compatibility: true, immediate: true, messageBytesMax: true, consumerTimeoutMs: true,
  memoryBytesMax: true, connectionsMax: true, turnWork: true, node: true, platform: true,
  version: true,
};

/** All options that there are. */
export const optionNames: readonly string[] = Object.keys(known);

/** What holds where nothing else is said. */
export const defaultOptions = {
  vhosts: ['/'],
  users: [],
  makesGuest: true,
  mechanisms: ['PLAIN', 'AMQPLAIN'],
  consumerTimeoutMs: limits.consumerTimeoutMs,
  memoryBytesMax: Infinity,
  connectionsMax: limits.connectionsMax,
  turnWork: limits.turnWork,
  node: 'tabmq',
  platform: 'JavaScript',
  version: '0.1.0',
} satisfies BrokerOptions;

/** Options with what holds where nothing was said. */
export type SetOptions = BrokerOptions & Required<Pick<BrokerOptions, keyof typeof defaultOptions>>;
