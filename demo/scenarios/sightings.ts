import type { TapEvent, TapType } from '../../core/management/index.ts';
import type { ClientView } from '../port/client-host.ts';
import { connectionOf, Holdings } from '../port/holdings.ts';
import type { EventPattern, LabelledAction, Scenario } from './format.ts';

/** Messages that are remembered: more than a lesson sends in an hour. */
const MESSAGES_MAX = 10_000;

/** What of a message its later events do not tell. */
interface Known {
  readonly key: string;
  /** The message that it was before it was first dead-lettered. */
  readonly origin: number;
}

type PendingPair = readonly [EventPattern, EventPattern];

/** Compares events with patterns; it must see all events, to know what each of them is about. */
export class Sightings {
  readonly holdings = new Holdings();
  lastSeq = 0;
  readonly #messages = new Map<number, Known>();
  /** Pairs of patterns, and whether an event of the first came after the last of the second. */
  readonly #pending = new Map<PendingPair, boolean>();
  /** Names of clients, by their connections. */
  readonly #clients = new Map<string, string>();

  know(clients: readonly ClientView[]): void {
    for (const { name, connections } of clients) {
      for (const connection of connections) this.#clients.set(connection, name);
    }
  }

  see(event: TapEvent): void {
    // The world began anew.
    if (event.seq < this.lastSeq) this.#forget();
    this.lastSeq = event.seq;
    this.holdings.see(event);
    if (event.type === 'message.published') {
      this.#remember(event.message, { key: event.routingKey, origin: event.message });
    } else if (event.type === 'message.dead-lettered') {
      const known = this.#messages.get(event.message);
      if (known !== undefined) this.#remember(event.becomes, known);
    }
    for (const pair of this.#pending.keys()) {
      const which = pair.findIndex((pattern) => this.fits(event, pattern));
      if (which >= 0) this.#pending.set(pair, which === 0);
    }
  }

  /** Whether one of the first kind came after the last of the second, since it was first asked. */
  isPending(pair: PendingPair): boolean {
    const pending = this.#pending.get(pair);
    if (pending === undefined) this.#pending.set(pair, false);
    return pending === true;
  }

  fits(event: TapEvent, pattern: EventPattern): boolean {
    return Object.entries(pattern).every(([field, wanted]) => {
      if (field === 'times') return true;
      const seen = this.#valueOf(event, field);
      const text = String(wanted);
      if (text.startsWith('>=')) return Number(seen) >= Number(text.slice(2));
      return (Array.isArray(seen) ? seen.toSorted().join() : String(seen)) === text;
    });
  }

  /** The message that the event is about, as it was published; undefined: it is about none. */
  originOf(event: TapEvent): number | undefined {
    return 'message' in event ? this.#messages.get(event.message)?.origin : undefined;
  }

  #valueOf(event: TapEvent, field: string): unknown {
    if (field === 'key') return 'message' in event && this.#messages.get(event.message)?.key;
    if (field !== 'client') return event[field as keyof TapEvent];
    if ('owner' in event) return this.#clients.get(connectionOf(event.owner));
    if (!('connection' in event) || typeof event.connection === 'string') return undefined;
    return this.#clients.get(event.connection.id);
  }

  #remember(message: number, known: Known): void {
    this.#messages.set(message, known);
    if (this.#messages.size > MESSAGES_MAX) {
      this.#messages.delete(this.#messages.keys().next().value!);
    }
  }

  #forget(): void {
    this.holdings.clear();
    this.#messages.clear();
  }
}

/** The types of events that a coach must see. */
export function watchedTypes({ coach }: Scenario): TapType[] {
  const needed = (action: LabelledAction | undefined): readonly EventPattern[] =>
    action?.needs?.flatMap(({ pending = [] }) => pending) ?? [];
  const patterns = coach.steps.flatMap(({ action, then, until, predict }) => [
    ...needed(action), ...needed(then), until, ...predict?.from ?? [], ...predict?.outcomes ?? [],
  ]);
  const types = patterns.flatMap((pattern) => (pattern ? [pattern.type] : []));
  return [...new Set<TapType>([
    ...types, ...Holdings.types, 'message.published', 'message.dead-lettered',
  ])];
}
