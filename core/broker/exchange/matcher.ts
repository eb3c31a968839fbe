import type { FieldTable, Properties } from '../../protocol/types.ts';

/** What an exchange may look at when it routes. Properties are decoded only if asked for. */
export interface Routable {
  readonly properties: Properties;
}

/** Where nothing is known of the message but its routing key. */
export const NO_PROPERTIES: Routable = { properties: {} };

/** A binding as a matcher sees it; D is a queue or an exchange. */
export interface Binding<D> {
  readonly destination: D;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/**
 * The matching rule of one exchange: which bindings fit a message. It knows nothing of queues.
 * The exchange that owns it adds each binding once and removes what it added.
 */
export interface Matcher<D> {
  /** Destinations depend on the routing key alone, so that a route may be cached. */
  readonly keyOnly: boolean;
  /** Throws AmqpError 406 where the type does not accept the binding; nothing is changed then. */
  check(binding: Binding<D>): void;
  add(binding: Binding<D>): void;
  remove(binding: Binding<D>): void;
  /** Calls `found` for each destination; one may be reported more than once. */
  match(message: Routable, routingKey: string, found: (destination: D) => void): void;
}
