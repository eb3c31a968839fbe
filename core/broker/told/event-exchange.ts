import type { Subscription } from 'rxjs';
import type { SettingChange, SettingHooks } from '../definition/setting-table.ts';
import type { BrokerEvent, Events } from '../events/events.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { eventFacts, type FactHost } from './event-facts.ts';
import { settingFacts } from './setting-facts.ts';
import { EVENT_EXCHANGE, isHeard, tell, type ToldEvent } from './told-message.ts';

/** What the event exchange listens to. */
export interface EventHost extends Omit<FactHost, 'node'> {
  readonly events: Events;
  readonly options: { readonly node: string };
}

const NO_BODY = new Uint8Array(0);

/**
 * Publishes what happens in the broker to `amq.rabbitmq.event` in the virtual host `/`: headers
 * hold all facts, the body is empty. Nothing is made while nothing is bound to it.
 */
export class EventExchange {
  readonly subscription: Subscription;
  readonly #host: FactHost & { readonly events: Events };
  /** Channels that are open, of those that were told of, by connection. */
  readonly #channels = new Map<string, Set<number>>();

  constructor(host: EventHost, settings: SettingHooks) {
    const { events, vhosts, connections, options: { node } } = host;
    this.#host = { events, vhosts, connections, node };
    this.subscription = host.events.events$.subscribe((event) => this.#onEvent(event));
    settings.changing = (change) => this.#onChange(change);
  }

  get #vhost(): VirtualHost | undefined {
    return this.#host.vhosts.get('/');
  }

  #onEvent(event: BrokerEvent): void {
    if (!isHeard(this.#vhost, EVENT_EXCHANGE)) {
      this.#channels.clear();
      return;
    }
    for (const each of this.#withChannels(event)) {
      for (const told of eventFacts(this.#host, each)) this.#tell(told);
    }
  }

  /** The channels of a connection end with it; RabbitMQ tells of each. */
  #withChannels(event: BrokerEvent): readonly BrokerEvent[] {
    if (event.type === 'channel.opened' || event.type === 'channel.closed') {
      const { connection: { id }, channel } = event;
      const open = this.#channels.get(id) ?? new Set<number>();
      this.#channels.set(id, open);
      if (event.type === 'channel.opened') open.add(channel);
      else open.delete(channel);
    }
    if (event.type !== 'connection.closed') return [event];
    const { connection, at } = event;
    const open = this.#channels.get(connection.id) ?? [];
    this.#channels.delete(connection.id);
    const ended = [...open].map((channel) => (
      { type: 'channel.closed', connection, channel, text: '', at } as const));
    return [...ended, event];
  }

  /** Looks at what is there before a change, and tells of it afterwards. */
  #onChange(change: SettingChange): (() => void) | undefined {
    if (!isHeard(this.#vhost, EVENT_EXCHANGE)) return undefined;
    const after = settingFacts(this.#host, change);
    return () => {
      for (const told of after()) this.#tell(told);
    };
  }

  #tell({ key, facts }: ToldEvent): void {
    const vhost = this.#vhost;
    if (vhost === undefined) return;
    const at = vhost.clock.wall();
    const actor = { user_who_performed_action: this.#host.events.actor };
    const headers = { ...actor, ...facts, timestamp_in_ms: BigInt(Math.round(at)) };
    const timestamp = Math.floor(at / 1000);
    tell(vhost, EVENT_EXCHANGE, key, { headers, deliveryMode: 2, timestamp }, NO_BODY);
  }
}
