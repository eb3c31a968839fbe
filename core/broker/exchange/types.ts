import type { Random } from '../../ports.ts';
import type { FieldTable } from '../../protocol/types.ts';
import type { QueueType } from '../definition/argument-checks.ts';
import { ConsistentHashMatcher, hashSourceOf } from './consistent-hash.ts';
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

/**
 * The matching rule of each type of exchange that routes on its own. Each throws AmqpError 406
 * where the arguments are not what the type accepts.
 */
const makers = {
  direct: <D>(): Matcher<D> => new DirectMatcher<D>(),
  fanout: <D>(): Matcher<D> => new FanoutMatcher<D>(),
  topic: <D>(): Matcher<D> => new TopicMatcher<D>(),
  headers: <D>(): Matcher<D> => new HeadersMatcher<D>(),
  'x-consistent-hash': <D>(setup: MatcherSetup<D>): Matcher<D> =>
    new ConsistentHashMatcher<D>(hashSourceOf(setup.arguments, setup.exchange)),
  'x-random': <D>({ random }: MatcherSetup<D>): Matcher<D> => new RandomMatcher<D>(random),
  'x-local-random': <D>({ random, queueTypeOf }: MatcherSetup<D>): Matcher<D> =>
    new LocalRandomMatcher<D>(random, queueTypeOf),
  'x-modulus-hash': <D>({ nameOf }: MatcherSetup<D>): Matcher<D> =>
    new ModulusHashMatcher<D>(nameOf),
};

export type MatchingType = keyof typeof makers;

export function isMatchingType(type: string): type is MatchingType {
  return Object.hasOwn(makers, type);
}

/** The matcher of a new exchange; the arguments of a wrong kind: 406. */
export function createMatcher<D>(type: MatchingType, setup: MatcherSetup<D>): Matcher<D> {
  return makers[type](setup);
}
