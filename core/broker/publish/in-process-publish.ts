import { Subject, type Observable } from 'rxjs';
import { replyCodes } from '../../protocol/spec.ts';
import type { Properties } from '../../protocol/types.ts';
import { bodyTooLarge } from '../../protocol/content.ts';
import { encodeMessage } from '../message/bytes.ts';
import type { Address } from '../message/address.ts';
import type { OutgoingMessage } from '../message/outgoing-message.ts';
import { checkLength } from '../names.ts';
import {
  IMMEDIATE, MANDATORY, Publisher, type PublisherSink, type PublishHost,
} from './publisher.ts';

/** A message that came back, with why. */
export interface ReturnedMessage {
  readonly replyCode: number;
  readonly replyText: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
}

const utf8 = new TextEncoder();

/** Publishes to the exchange of this name; whether the message had a place to go to. */
export function publishInProcess(
  vhost: PublishHost, publisher: Publisher, exchange: string, message: OutgoingMessage,
): boolean {
  const { routingKey = '', body, properties = {}, mandatory, immediate } = message;
  checkLength('the routing key', routingKey);
  const octets = typeof body === 'string' ? utf8.encode(body) : body;
  const { messageBytesMax } = vhost.compatibility;
  if (octets.length > messageBytesMax) throw bodyTooLarge(octets.length, messageBytesMax);
  const bytes = encodeMessage(exchange, routingKey, properties, octets);
  const flags = (mandatory === true ? MANDATORY : 0) | (immediate === true ? IMMEDIATE : 0);
  const { counters, turn } = vhost;
  const before = counters.unroutable + counters.returned;
  turn.within(() => publisher.publish(bytes, flags));
  return counters.unroutable + counters.returned === before;
}

/** What comes back to publishers in process. */
export class InProcessReturns implements PublisherSink {
  readonly owner = '';
  readonly connectionName = '';
  readonly returned$: Observable<ReturnedMessage>;
  readonly #returned = new Subject<ReturnedMessage>();
  readonly #vhost: PublishHost;

  constructor(vhost: PublishHost) {
    this.#vhost = vhost;
    this.returned$ = this.#returned.asObservable();
  }

  returnMessage(address: Address, replyText: 'NO_ROUTE' | 'NO_CONSUMERS'): void {
    if (!this.#returned.observed) return;
    const { exchange, routingKey, properties, body } = this.#vhost.readMessage(address);
    const { code: replyCode } = replyCodes[replyText];
    const returned = { replyCode, replyText, exchange, routingKey, properties, body: body.slice() };
    this.#returned.next(returned);
  }

  // In process nobody waits for confirms: what is published is in the queues.

  ack(): void {}

  nack(): void {}

  flushLater(): void {}
}

/** A publisher that no client is behind: it may say of a message whatever it likes. */
export function inProcessPublisher(vhost: PublishHost, returns: InProcessReturns): Publisher {
  const context = { user: '', impersonator: true, replyAddress: undefined };
  return new Publisher(vhost, context, returns, 'spec');
}
