import type { FieldTable, Properties } from '../../protocol/types.ts';
import type { Clock } from '../../ports.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { encodeMessage, type MessageBytes } from '../message/bytes.ts';
import type { Turn } from '../turn/turn.ts';

/** Exchanges of the virtual host `/` that the broker publishes to. */
export const EVENT_EXCHANGE = 'amq.rabbitmq.event';
export const LOG_EXCHANGE = 'amq.rabbitmq.log';
/** The one that each virtual host has. */
export const TRACE_EXCHANGE = 'amq.rabbitmq.trace';

/** Whether a virtual host has this exchange as soon as somebody asks for it. */
export function isToldOnDemand(vhost: string, name: string): boolean {
  return vhost === '/' && (name === EVENT_EXCHANGE || name === LOG_EXCHANGE);
}

/** Where such an exchange is. */
export interface TellingHost {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  publishBytes(exchange: Exchange, bytes: MessageBytes, marks: number): void;
}

/** Whether anybody would get what is told there. */
export function isHeard(host: TellingHost | undefined, name: string): host is TellingHost {
  const exchange = host?.exchanges.get(name);
  return exchange !== undefined && exchange.bindingCount > 0;
}

/** Publishes behind what the turn has at hand, in the order in which it was told. */
export function tell(
  host: TellingHost, name: string, routingKey: string, properties: Properties, body: Uint8Array,
): void {
  const bytes = encodeMessage(name, routingKey, properties, body);
  host.turn.within(() => host.turn.afterwards(host, () => {
    const exchange = host.exchanges.get(name);
    if (exchange !== undefined) host.publishBytes(exchange, bytes, 0);
  }));
}

/** An event of RabbitMQ: its routing key, and its headers. */
export interface ToldEvent {
  readonly key: string;
  readonly facts: FieldTable;
}
