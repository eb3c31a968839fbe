import type { Broker, Queue } from '../../core/index.ts';
import { SeenMessage } from './seen-message.ts';
import { TestBrokerError } from './test-broker-error.ts';

/** A message that waits in a queue, and still does after it was looked at. */
export class WaitingMessage extends SeenMessage {
  /** Whether it was delivered before and came back. */
  readonly redelivered: boolean;
  /** How often it came back. QUE-30. */
  readonly deliveryCount: number;

  constructor(
    message: ConstructorParameters<typeof SeenMessage>[0],
    { redelivered, deliveryCount }: { redelivered: boolean; deliveryCount: number },
  ) {
    super(message);
    this.redelivered = redelivered;
    this.deliveryCount = deliveryCount;
  }
}

/** What a queue needs of the test broker that shows it. */
export interface QueueParts {
  readonly broker: Broker;
  /** What the broker saw, for failures. */
  readonly report: () => string;
  /** Resolves once the condition holds; fails with this text. */
  readonly until: (condition: () => boolean, failure: () => string) => Promise<void>;
}

/** A queue as a test looks at it. The counts and `peek` throw where there is no such queue. */
export class TestQueue {
  readonly name: string;
  readonly vhost: string;
  readonly #parts: QueueParts;

  constructor(name: string, vhost: string, parts: QueueParts) {
    this.name = name;
    this.vhost = vhost;
    this.#parts = parts;
  }

  /** Whether there is such a queue. */
  get exists(): boolean {
    return this.#found !== undefined;
  }

  /** Messages that wait; those out for acknowledgement do not count. */
  get messageCount(): number {
    return this.#queue.readyCount;
  }

  /** Messages that are out at consumers, or were fetched, and not settled. */
  get unackedCount(): number {
    return this.#queue.unackedCount;
  }

  /** Consumers of the queue. */
  get consumerCount(): number {
    return this.#queue.consumers.count;
  }

  /** The messages that wait, in the order in which they would go out; they stay where they are. */
  peek(): WaitingMessage[] {
    const queue = this.#queue;
    const messages: WaitingMessage[] = [];
    queue.forEachReady((message, delivery) => {
      const { exchange, routingKey, visibleProperties: properties } = message;
      const body = message.body.slice();
      messages.push(new WaitingMessage({ exchange, routingKey, properties, body }, delivery));
    });
    return messages;
  }

  /** Drops the messages that wait; answers how many there were. */
  purge(): number {
    return this.#queue.purge();
  }

  /** Resolves when so many messages wait. Fails when that takes too long. */
  async untilMessages(count: number): Promise<void> {
    await this.#parts.until(() => this.#found?.readyCount === count, () => {
      return `expected ${count} messages in queue '${this.name}', and there are `
        + `${this.#found?.readyCount ?? 'none, for there is no such queue'}`;
    });
  }

  /** Resolves when nothing waits and everything delivered is acknowledged. */
  async untilEmpty(): Promise<void> {
    await this.#parts.until(() => {
      const found = this.#found;
      return found !== undefined && found.readyCount + found.unackedCount === 0;
    }, () => `expected queue '${this.name}' to be worked off, and it is not`);
  }

  get #found(): Queue | undefined {
    return this.#parts.broker.vhosts.get(this.vhost)?.queues.get(this.name);
  }

  get #queue(): Queue {
    const queue = this.#found;
    if (queue !== undefined) return queue;
    throw new TestBrokerError(
      `there is no queue '${this.name}' in vhost '${this.vhost}'\n\n${this.#parts.report()}`,
    );
  }
}
