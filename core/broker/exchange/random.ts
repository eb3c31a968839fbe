import type { Random } from '../../ports.ts';
import {
  preconditionFailed, queueTypeText, type QueueType,
} from '../definition/argument-checks.ts';
import { Destinations } from './destinations.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** A message goes to one destination, each being as likely as any other. TYP-07. */
export class RandomMatcher<D> implements Matcher<D> {
  readonly keyOnly = false;
  readonly #destinations = new Destinations<D>();
  readonly #random: Random;
  /** The destinations as an array, made when the first message after a change needs it. */
  #choices: readonly D[] | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  check(_binding: Binding<D>): void {
    // Keys and arguments mean nothing here, so none is wrong.
  }

  add({ destination }: Binding<D>): void {
    this.#destinations.add(destination);
    this.#choices = undefined;
  }

  remove({ destination }: Binding<D>): void {
    this.#destinations.remove(destination);
    this.#choices = undefined;
  }

  match(_message: Routable, _routingKey: string, found: (destination: D) => void): void {
    this.#choices ??= this.#destinations.toArray();
    const choices = this.#choices;
    if (choices.length > 0) found(choices[Math.floor(this.#random() * choices.length)]!);
  }
}

/**
 * As x-random among the queues of this node, which all of ours are. RabbitMQ has it for queues
 * without replicas, which clients bind without a key.
 */
export class LocalRandomMatcher<D> extends RandomMatcher<D> {
  readonly #queueTypeOf: (destination: D) => QueueType | undefined;

  /** `queueTypeOf` answers undefined for an exchange. */
  constructor(random: Random, queueTypeOf: (destination: D) => QueueType | undefined) {
    super(random);
    this.#queueTypeOf = queueTypeOf;
  }

  override check({ destination, routingKey }: Binding<D>): void {
    if (routingKey !== '') {
      throw preconditionFailed(`Non empty binding '${routingKey}' key not permitted`);
    }
    const type = this.#queueTypeOf(destination);
    if (type === undefined) throw preconditionFailed('Destination not found');
    if (type !== 'classic') {
      throw preconditionFailed(
        `Queue type ${queueTypeText(type)} not valid for this exchange type`,
      );
    }
  }
}
