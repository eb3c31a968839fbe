import type { Broker } from '../broker/broker.ts';
import { encodeMessage } from '../broker/message/bytes.ts';
import { Confirms } from '../broker/publish/confirms.ts';
import {
  MANDATORY, Publisher, type ConfirmHolder, type PublisherSink,
} from '../broker/publish/publisher.ts';
import type { Exchange } from '../broker/exchange/exchange.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import { bodyTooLarge } from '../protocol/content.ts';
import type { Properties } from '../protocol/types.ts';
import { badRequest } from './api-error.ts';
import type { Caller } from './caller.ts';

/** A message that somebody publishes over HTTP. */
export interface GivenMessage {
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
}

/**
 * Publishes as a channel of the caller in confirm mode would; resolves when the message is
 * confirmed, with whether a queue took it. Errors: as of basic.publish; 400 where a queue is full.
 */
export function publishOne(
  broker: Broker, vhost: VirtualHost, exchange: Exchange, caller: Caller, message: GivenMessage,
): Promise<boolean> {
  const { messageBytesMax } = vhost.compatibility;
  const { routingKey, properties, body } = message;
  if (body.length > messageBytesMax) throw bodyTooLarge(body.length, messageBytesMax);
  const context = {
    user: caller.user, replyAddress: undefined,
    impersonator: caller.tags.includes('impersonator') || caller.user === '',
  };
  const bytes = encodeMessage(exchange.name, routingKey, properties, body);
  const ended = { run: () => {} };
  const confirmed = new Promise<boolean>((resolve, reject) => {
    const channel = new OneMessage(broker, {
      confirmed: (routed) => resolve(routed),
      refused: () => {
        reject(badRequest('rejected Unable to publish message. Check queue limits.'));
      },
    });
    const publisher = new Publisher(vhost, context, channel, 'spec', caller.guard(vhost.name));
    publisher.confirms = new Confirms(publisher.onConfirmed);
    channel.publisher = publisher;
    ended.run = () => publisher.end();
    vhost.turn.within(() => publisher.publish(bytes, MANDATORY));
  });
  return confirmed.finally(() => ended.run());
}

interface Outcome {
  readonly confirmed: (routed: boolean) => void;
  readonly refused: () => void;
}

/** A channel for one message. */
class OneMessage implements PublisherSink {
  readonly owner = '';
  readonly connectionName = '';
  publisher: Publisher | undefined;
  readonly #broker: Broker;
  readonly #outcome: Outcome;
  #returned = false;

  constructor(broker: Broker, outcome: Outcome) {
    this.#broker = broker;
    this.#outcome = outcome;
  }

  returnMessage(): void {
    this.#returned = true;
  }

  ack(): void {
    this.#outcome.confirmed(!this.#returned);
  }

  nack(): void {
    this.#outcome.refused();
  }

  flushLater(): void {
    this.#broker.turn.flushChannel(this);
  }

  /** Called by the turn. */
  flush(): void {
    const { persistence } = this.#broker;
    const hold: ConfirmHolder = (persistent, send, refuse) => {
      if (persistent) persistence!.whenDurable(send, refuse);
      else send();
    };
    this.publisher?.flush(persistence === undefined ? undefined : hold);
  }
}
