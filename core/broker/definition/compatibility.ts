import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';

/**
 * What RabbitMQ 3 and RabbitMQ 4 do differently, and so what a broker does as the one or as the
 * other; all of it stands here. Each virtual host has a profile of its own.
 */

export const profiles = ['rabbitmq-3.13', 'rabbitmq-4'] as const;

/** Which RabbitMQ a broker, or a virtual host, does as. */
export type Profile = (typeof profiles)[number];

/** One answer to each of the questions in which the profiles differ. */
export interface Compatibility {
  /** Whether deaths that a publisher writes into x-death count. QUE-22. */
  readonly sentDeathsCount: boolean;
  /** Whether channel.flow holds deliveries back, or is refused with 540. CHN-02. */
  readonly flow: 'honour' | 'refuse';
  /** Whether a queue may be neither durable nor exclusive, or is refused with 541. TOP-6. */
  readonly transientQueues: 'allow' | 'refuse';
  /** Whether basic.qos with `global` is for the channel as a whole, or for each consumer. TOP-5. */
  readonly globalQos: 'channel' | 'consumer';
  /** How often a message comes back from a quorum queue that does not say; or Infinity. */
  readonly deliveryLimit: number;
  /** Whether a consumer of a higher priority takes a quorum queue from its active one. QUE-25. */
  readonly priorityTakesOver: boolean;
  /** Largest body of one message; larger: 406. BAS-01. */
  readonly messageBytesMax: number;
  /** What a wrong password gets where the client cannot read connection.close then. CON-10. */
  readonly refusedLogin: 'close' | 'silence';
  /** `spec`: as AMQP says (IMM-6); `refuse`: 540. IMM-11. */
  readonly immediate: 'spec' | 'refuse';
}

const compatibilities: Readonly<Record<Profile, Compatibility>> = {
  'rabbitmq-3.13': {
    sentDeathsCount: true,
    flow: 'refuse',
    transientQueues: 'allow',
    globalQos: 'channel',
    deliveryLimit: Infinity,
    priorityTakesOver: false,
    messageBytesMax: limits.largeMessageBytesMax,
    refusedLogin: 'silence',
    immediate: 'refuse',
  },
  'rabbitmq-4': {
    sentDeathsCount: false,
    flow: 'honour',
    transientQueues: 'refuse',
    globalQos: 'consumer',
    deliveryLimit: limits.deliveryLimit,
    priorityTakesOver: true,
    messageBytesMax: limits.messageBytesMax,
    refusedLogin: 'close',
    immediate: 'spec',
  },
};

/**
 * Where nothing is said: RabbitMQ 4, save for what it took away in 4.3 alone. Tutorials for all
 * versions before declare queues that are neither durable nor exclusive.
 */
const usual: Compatibility = {
  ...compatibilities['rabbitmq-4'], transientQueues: 'allow', globalQos: 'channel',
};

/** What was asked for on its own, whatever the profile says. */
export type Overrides = Partial<Pick<Compatibility, 'immediate' | 'messageBytesMax'>>;

export function compatibilityOf(profile: Profile | undefined, overrides: Overrides): Compatibility {
  return { ...(profile === undefined ? usual : compatibilities[profile]), ...overrides };
}

/** The profile of this name; undefined: there is none. */
export function profileNamed(name: unknown): Profile | undefined {
  return profiles.find((profile) => profile === name);
}

/** A queue that is neither durable nor exclusive may be: else 541, as RabbitMQ 4.3. TOP-6. */
export function checkTransient({ transientQueues }: Compatibility): void {
  if (transientQueues === 'allow') return;
  throw new AmqpError('INTERNAL_ERROR', 'Feature `transient_nonexcl_queues` is deprecated. By ' +
    'default, this feature is not permitted anymore: declare the queue durable or exclusive');
}

/** Errors: RangeError where this can be no bound of a message's body. */
export function checkMessageBytesMax(bytes: number | undefined): void {
  if (bytes === undefined) return;
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= limits.bodyBytesMax) return;
  throw new RangeError(
    `messageBytesMax is a whole number from 1 to ${limits.bodyBytesMax}, not ${String(bytes)}`,
  );
}
