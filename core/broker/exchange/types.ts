import { AmqpError } from '../../errors.ts';
import type { Random } from '../../ports.ts';
import type { FieldTable } from '../../protocol/types.ts';
import type { QueueType } from '../definition/argument-checks.ts';
import { ConsistentHashMatcher, hashSourceOf } from './consistent-hash.ts';
import { DelayedMatcher } from './delayed.ts';
import { DirectMatcher } from './direct.ts';
import { FanoutMatcher } from './fanout.ts';
import { HeadersMatcher } from './headers.ts';
import type { Matcher } from './matcher.ts';
import { ModulusHashMatcher } from './modulus-hash.ts';
import { LocalRandomMatcher, RandomMatcher } from './random.ts';
import { TopicMatcher } from './topic.ts';

/** What a type may need to make the matcher of one exchange. */
export interface MatcherSetup<D> {
  /** The exchange as `resourceText` writes it. */
  readonly exchange: string;
  readonly arguments: FieldTable;
  readonly random: Random;
  /** No two destinations have the same name. */
  readonly nameOf: (destination: D) => string;
  /** Type of a queue, such as `classic`; undefined for an exchange. */
  readonly queueTypeOf: (destination: D) => QueueType | undefined;
}

interface ExchangeType {
  /** The matching rule of a new exchange; arguments that the type does not accept: 406. */
  matcher<D>(setup: MatcherSetup<D>): Matcher<D>;
  /** The part of such an exchange that holds messages. Default: it holds none. */
  readonly holds?: 'delayed messages' | 'recent history';
}

/** Every type of exchange: how it routes, and what it holds. */
const types = {
  direct: { matcher: <D>(): Matcher<D> => new DirectMatcher<D>() },
  fanout: { matcher: <D>(): Matcher<D> => new FanoutMatcher<D>() },
  topic: { matcher: <D>(): Matcher<D> => new TopicMatcher<D>() },
  headers: { matcher: <D>(): Matcher<D> => new HeadersMatcher<D>() },
  'x-consistent-hash': {
    matcher: <D>(setup: MatcherSetup<D>): Matcher<D> =>
      new ConsistentHashMatcher<D>(hashSourceOf(setup.arguments, setup.exchange)),
  },
  'x-random': {
    matcher: <D>({ random }: MatcherSetup<D>): Matcher<D> => new RandomMatcher<D>(random),
  },
  'x-local-random': {
    matcher: <D>({ random, queueTypeOf }: MatcherSetup<D>): Matcher<D> =>
      new LocalRandomMatcher<D>(random, queueTypeOf),
  },
  'x-modulus-hash': {
    matcher: <D>({ nameOf }: MatcherSetup<D>): Matcher<D> => new ModulusHashMatcher<D>(nameOf),
  },
  'x-recent-history': {
    matcher: <D>(): Matcher<D> => new FanoutMatcher<D>(),
    holds: 'recent history',
  },
  'x-delayed-message': {
    matcher: <D>(setup: MatcherSetup<D>): Matcher<D> =>
      new DelayedMatcher<D>(createMatcher<D>(delayedTypeOf(setup.arguments), setup)),
    holds: 'delayed messages',
  },
} satisfies Readonly<Record<string, ExchangeType>>;

export type ExchangeTypeName = keyof typeof types;

/** The names of all types, best known first. */
export const exchangeTypeNames = Object.keys(types) as readonly ExchangeTypeName[];

export function isExchangeType(type: string): type is ExchangeTypeName {
  return Object.hasOwn(types, type);
}

/** An unknown type is refused before anything else about the exchange is looked at: 406. TOP-4. */
export function checkExchangeType(type: string): asserts type is ExchangeTypeName {
  if (isExchangeType(type)) return;
  throw new AmqpError('PRECONDITION_FAILED', `unknown exchange type '${type}'`);
}

/** The matcher of a new exchange; the arguments of a wrong kind: 406. */
export function createMatcher<D>(type: ExchangeTypeName, setup: MatcherSetup<D>): Matcher<D> {
  return types[type].matcher<D>(setup);
}

/** What an exchange of this type holds, if anything. */
export function heldBy(type: ExchangeTypeName): ExchangeType['holds'] {
  return (types[type] as ExchangeType).holds;
}

/**
 * The type by which delayed messages are routed when they are due: one that holds nothing itself;
 * else 406. TYP-06.
 */
function delayedTypeOf(table: FieldTable): ExchangeTypeName {
  const type = table['x-delayed-type'];
  if (typeof type === 'string' && isExchangeType(type) && heldBy(type) === undefined) return type;
  throw new AmqpError('PRECONDITION_FAILED',
    'Invalid argument, \'x-delayed-type\' must be an existing exchange type');
}
