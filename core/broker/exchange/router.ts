import type { Exchange } from './exchange.ts';
import type { Routable } from './matcher.ts';
import type { Destination } from '../turn/run.ts';

/** Routes that were found so far. */
let routeCount = 0;

/** Where messages with one exchange and key go. */
export interface Route {
  /** Counts up from one route to the next. */
  readonly number: number;
  readonly exchange: Exchange;
  readonly destinations: readonly Destination[];
  /** Whether a queue (or the like) gets the message; else it is unroutable. */
  readonly routed: boolean;
  /** Queues among the destinations. */
  readonly queueCount: number;
  /** Whether a destination keeps the message on disk, persistent or not. */
  readonly keepsAll: boolean;
  /** Whether one of these has a record of its own for each message. */
  readonly keepsEach: boolean;
  /** Whether it depends on exchange and routing key alone. */
  readonly keyOnly: boolean;
}

/**
 * Walks from an exchange over bindings between exchanges and alternate exchanges to the queues.
 * Each exchange is visited once a key, so cycles end; each queue is found once. EXC-10, TYP-01.
 */
export function route(exchange: Exchange, message: Routable, keys: readonly string[]): Route {
  const walk = new Walk(message);
  walk.visit(exchange, keys);
  const destinations = [...walk.found];
  return {
    number: routeCount++,
    exchange,
    destinations,
    queueCount: destinations.filter(({ kind }) => kind === 'queue').length,
    keepsAll: destinations.some(({ keepsAll }) => keepsAll),
    keepsEach: destinations.some(({ keepsEach }) => keepsEach),
    routed: walk.routed,
    keyOnly: walk.keyOnly,
  };
}

class Walk {
  readonly found = new Set<Destination>();
  routed = false;
  keyOnly = true;
  readonly #message: Routable;
  readonly #visited = new Set<Exchange>();

  constructor(message: Routable) {
    this.#message = message;
  }

  visit(first: Exchange, keys: readonly string[]): void {
    const waiting = [first];
    for (let exchange = waiting.pop(); exchange !== undefined; exchange = waiting.pop()) {
      if (this.#visited.has(exchange)) continue;
      this.#visited.add(exchange);
      waiting.push(...this.#step(exchange, keys));
    }
  }

  /** Finds what one exchange sends to, and answers the exchanges among it. */
  #step(exchange: Exchange, keys: readonly string[]): readonly Exchange[] {
    if (!exchange.matcher.keyOnly) this.keyOnly = false;
    const detour = exchange.detour(this.#message);
    if (detour !== undefined) {
      this.found.add(detour);
      this.routed = true;
      return [];
    }
    if (exchange.history !== undefined) this.found.add(exchange.history);
    const exchanges: Exchange[] = [];
    let matched = false;
    for (const key of keys) {
      exchange.matcher.match(this.#message, key, (destination) => {
        matched = true;
        if (destination.kind === 'exchange') exchanges.push(destination);
        else this.#add(destination);
      });
    }
    const alternate = matched ? undefined : exchange.alternate;
    return alternate === undefined ? exchanges : [alternate];
  }

  #add(queue: Destination): void {
    this.found.add(queue);
    this.routed = true;
  }
}
