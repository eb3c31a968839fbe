import type { BrokerProcess } from './broker-process.ts';
import type { Chance } from './chance.ts';
import type { Model } from './model.ts';
import type { SimClient, SimMessage } from './sim-client.ts';
import type { SimLink } from './sim-network.ts';

/** The queue of the neighbour, which nobody else uses. */
export const NEIGHBOUR = 'neighbour';

/**
 * A client that breaks no rule, reads all that it is sent, and whose network is at its best: that
 * others do otherwise must not stop its work. It publishes with confirms to a queue of its own,
 * and consumes that.
 */
export class Neighbour {
  readonly client: SimClient;
  readonly link: SimLink;
  /** The broker that it is connected to. */
  readonly process: BrokerProcess;
  /** The number of its connection. */
  readonly #connection: number;
  #published = 0;

  constructor({ client, link, process, connection }: {
    client: SimClient; link: SimLink; process: BrokerProcess; connection: number;
  }) {
    this.client = client;
    this.link = link;
    this.process = process;
    this.#connection = connection;
    client.use(1, ({ number }) => {
      client.send(number, 'confirm.select');
      client.send(number, 'basic.consume', { queue: NEIGHBOUR, consumerTag: `log-${NEIGHBOUR}` });
    });
  }

  publish(name: string, chance: Chance): void {
    const messages = drawMessages(name, chance);
    this.#published += messages.length;
    this.client.use(1, ({ number }) => this.client.publish(number, messages));
  }

  /** Publishes one message that need not be kept, so that no disk has to be waited for. */
  ask(name: string): void {
    this.#published++;
    const message = { ...messageOf(`${name}.0`), properties: { messageId: `${name}.0` } };
    this.client.use(1, ({ number }) => this.client.publish(number, [message]));
  }

  /** Whether each of its messages was heard, answered, delivered and acknowledged. */
  isServed({ connections, queues }: Model): boolean {
    const channel = connections.get(this.#connection)?.channels.get(1);
    return channel?.published === this.#published && channel.unconfirmed.size === 0 &&
      queues.get(NEIGHBOUR)!.isEmpty;
  }
}

function drawMessages(name: string, chance: Chance): SimMessage[] {
  return Array.from({ length: chance.between(1, 5) }, (_, index) => {
    const messageId = `${name}.${index}`;
    const properties = { messageId, ...(chance.happens(0.7) ? { deliveryMode: 2 } : {}) };
    return { ...messageOf(messageId), properties };
  });
}

function messageOf(messageId: string): SimMessage {
  const body = new TextEncoder().encode(messageId);
  return { exchange: '', routingKey: NEIGHBOUR, mandatory: true, properties: { messageId }, body };
}
