import { bodyOf, type Outgoing, type Route } from './outgoing.ts';
import { Message, type ContentPlace } from './message.ts';

/** A message that came back by basic.return, and why. BAS-02. */
export class Returned extends Message {
  /** 312: no queue took it; 313: no consumer was ready. */
  readonly replyCode: number;
  readonly replyText: string;

  constructor(
    replyCode: number, replyText: string, exchange: string, routingKey: string,
    place: ContentPlace,
  ) {
    super(exchange, routingKey, place);
    this.replyCode = replyCode;
    this.replyText = replyText;
  }

  /**
   * Whether this is that message, come back. A return bears no number, but returns come in the
   * order of publishing, so that of equal messages the first is the one.
   */
  isOf(message: Outgoing, route: Route): boolean {
    const { mandatory = route.mandatory, immediate } = message;
    if (mandatory !== true && immediate !== true) return false;
    if ((message.exchange ?? route.exchange ?? '') !== this.exchange) return false;
    if ((message.routingKey ?? route.routingKey ?? '') !== this.routingKey) return false;
    const { messageId, correlationId } = message.properties ?? {};
    const { properties } = this;
    if (messageId !== properties.messageId) return false;
    if (correlationId !== properties.correlationId) return false;
    return sameBytes(bodyOf(message), this.body);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
