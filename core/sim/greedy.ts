import type { Clock, Serve } from '../ports.ts';
import type { Chance } from './chance.ts';
import type { Greed } from './plan.ts';
import { SimClient, type ClientChannel } from './sim-client.ts';
import type { SimLink } from './sim-network.ts';

interface GreedyWorld {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Connects to the broker, over a network at its best. */
  open(serve: Serve): SimLink;
}

/**
 * Somebody who takes what there is: floods many queues, sets off a storm of dead letters, makes
 * long tables and has them taken down, or holds connections without ever logging in.
 */
export class Greedy {
  readonly #world: GreedyWorld;
  /** Tells its queues and messages from those of others. */
  readonly #name: string;
  readonly #links: SimLink[] = [];

  constructor(world: GreedyWorld, name: string) {
    this.#world = world;
    this.#name = name;
  }

  start(greed: Greed): void {
    this.#ways[greed]();
  }

  /** It goes, with its exclusive queues; who never logged in is just gone. */
  end(): void {
    for (const link of this.#links) link.reset();
  }

  readonly #ways: Readonly<Record<Greed, () => void>> = {
    flood: () => this.#work((client, { number }) => {
      const queues = this.#declare(client, 20);
      for (const queue of queues) bind(client, queue, 'amq.fanout');
      const consumed = queues.slice(0, this.#world.chance.below(10));
      for (const queue of consumed) {
        client.send(number, 'basic.consume', { queue, consumerTag: `free-${queue}`, noAck: true });
      }
      this.#publish(client, 'amq.fanout', 200);
    }),

    storm: () => this.#work((client) => {
      const table = { 'x-max-length': 0, 'x-dead-letter-exchange': 'amq.topic' };
      for (const queue of this.#declare(client, 5, table)) bind(client, queue, 'amq.topic');
      this.#publish(client, 'amq.topic', 3);
    }),

    tables: () => this.#work((client, { number }) => {
      const [queue] = this.#declare(client, 1) as [string];
      for (let i = 0; i < 100; i++) bind(client, queue, 'amq.direct', `${this.#name}.${i}`);
      for (let i = 0; i < 100; i++) {
        client.send(number, 'basic.consume', { queue, consumerTag: `free-${i}`, noWait: true });
      }
      client.send(number, 'queue.delete', { queue, noWait: true });
      const [backlog] = this.#declare(client, 1, {}, 'backlog') as [string];
      this.#publish(client, '', 300, backlog);
      client.send(number, 'queue.purge', { queue: backlog, noWait: true });
    }),

    strangers: () => {
      const { chance } = this.#world;
      for (let i = 0; i < 10; i++) {
        const client = this.#connect();
        client.silent = true;
        // The first frame of 4,000 octets, of which some come.
        client.sendBytes(Uint8Array.of(1, 0, 0, 0, 0, 0x0f, 0xa0));
        client.sendBytes(new Uint8Array(chance.below(2000)));
      }
    },
  };

  #connect(): SimClient {
    const client = new SimClient(this.#world.clock, 0);
    this.#links.push(this.#world.open(client.serve));
    return client;
  }

  #work(run: (client: SimClient, channel: ClientChannel) => void): void {
    const client = this.#connect();
    client.use(1, (channel) => run(client, channel));
  }

  #declare(client: SimClient, count: number, table = {}, kind = 'greedy'): string[] {
    return Array.from({ length: count }, (_, index) => {
      const queue = `${kind}-${this.#name}-${index}`;
      client.send(1, 'queue.declare', { queue, exclusive: true, noWait: true, arguments: table });
      return queue;
    });
  }

  #publish(client: SimClient, exchange: string, count: number, routingKey = 'greedy'): void {
    const messages = Array.from({ length: count }, (_, index) => ({
      exchange, routingKey, mandatory: false, body: new Uint8Array(0),
      properties: { messageId: `${this.#name}.${index}` },
    }));
    client.publish(1, messages);
  }
}

function bind(client: SimClient, queue: string, exchange: string, key = 'greedy'): void {
  client.send(1, 'queue.bind', { queue, exchange, routingKey: key, noWait: true });
}
