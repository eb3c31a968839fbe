import type { RoutedEvent } from '../../core/index.ts';
import type { FieldTable, Properties } from '../../core/protocol/index.ts';

const utf8 = new TextDecoder();

/** A message as the broker saw it. */
export class SeenMessage {
  /** Exchange and key that it was published with; after dead-lettering, those of its last way. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;

  constructor(message: Pick<RoutedEvent, 'exchange' | 'routingKey' | 'properties' | 'body'>) {
    this.exchange = message.exchange;
    this.routingKey = message.routingKey;
    this.properties = message.properties;
    this.body = message.body;
  }

  /** Empty where there are none. */
  get headers(): FieldTable {
    return this.properties.headers ?? {};
  }

  /** The body as UTF-8. */
  get text(): string {
    return utf8.decode(this.body);
  }

  /** The body read as JSON; throws a SyntaxError where it is none. */
  json(): unknown {
    return JSON.parse(this.text);
  }
}

/** A message that was routed, and where to. */
export class RoutedMessage extends SeenMessage {
  readonly vhost: string;
  /** Queues that got it; empty where none did. */
  readonly destinations: readonly string[];
  /** Where and why it died, if the broker dead-lettered it. */
  readonly death: RoutedEvent['death'];

  constructor(event: RoutedEvent) {
    super(event);
    this.vhost = event.vhost;
    this.destinations = event.destinations;
    this.death = event.death;
  }
}
