import type { Subscription } from 'rxjs';
import type { Broker, BrokerEvent } from '../../core/index.ts';
import { connectionName } from './trail.ts';

/** What a test left open, in readable words. */
export interface LeakReport {
  readonly connections: readonly string[];
  readonly channels: readonly string[];
  readonly consumers: readonly string[];
  /** Queues that were not there from the start. */
  readonly queues: readonly string[];
}

/** Follows what is opened and closed, so that at the end it can tell what was left open. */
export class LeakWatch {
  readonly #broker: Broker;
  readonly #channels = new Set<string>();
  readonly #consumers = new Set<string>();
  readonly #queuesOfStart: ReadonlySet<string>;
  readonly #subscription: Subscription;

  /** What the broker has when this is made is no leak. */
  constructor(broker: Broker) {
    this.#broker = broker;
    this.#queuesOfStart = new Set(queueTexts(broker));
    this.#subscription = broker.events$.subscribe((event) => this.#onEvent(event));
  }

  get report(): LeakReport {
    return {
      connections: [...this.#broker.connections].map(({ info }) => {
        const name = connectionName(info);
        const named = name === undefined ? '' : ` '${name}'`;
        return `${info.id}${named} from ${info.peer}`;
      }),
      channels: [...this.#channels],
      consumers: [...this.#consumers],
      queues: queueTexts(this.#broker).filter((queue) => !this.#queuesOfStart.has(queue)),
    };
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #onEvent(event: BrokerEvent): void {
    switch (event.type) {
      case 'channel.opened':
        this.#channels.add(`${event.connection.id}/${event.channel}`);
        return;
      case 'channel.closed':
        this.#channels.delete(`${event.connection.id}/${event.channel}`);
        return;
      case 'consumer.added':
        this.#consumers.add(consumerText(event));
        return;
      case 'consumer.removed':
        this.#consumers.delete(consumerText(event));
        return;
      case 'connection.closed':
        // Its channels end with it, which no event of theirs says.
        for (const channel of this.#channels) {
          if (channel.startsWith(`${event.connection.id}/`)) this.#channels.delete(channel);
        }
    }
  }
}

/** The report as lines, or nothing where there are no leaks. */
export function leakText(report: LeakReport): string {
  const lines = Object.entries(report as unknown as Record<string, string[]>)
    .filter(([, items]) => items.length > 0)
    .map(([kind, items]) => `  ${kind}: ${items.join(', ')}`);
  return lines.length === 0 ? '' : ['The test left open:', ...lines].join('\n');
}

function consumerText(
  { consumerTag, queue, owner }: { consumerTag: string; queue: string; owner: string },
): string {
  return `'${consumerTag}' of queue ${queue} on ${owner === '' ? 'no connection' : owner}`;
}

function queueTexts({ vhosts }: Broker): string[] {
  return [...vhosts.values()].flatMap(({ name: vhost, queues }) => {
    return [...queues.keys()].map((queue) => (vhost === '/' ? queue : `${vhost}/${queue}`));
  });
}
