import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import type { ChannelCore } from './channel-core.ts';
import { confirmationOf, selectConfirms, type Confirmation } from './confirmation.ts';
import { Pending, type ConfirmListener } from './confirms.ts';
import { ArgumentError } from './errors.ts';
import { NO_ROUTE, snapshotOf, type Outgoing } from './outgoing.ts';
import { IN_FLIGHT_MAX, PublishWindow, type WindowSettings } from './publish-window.ts';

/** One message on its own. */
class SingleListener implements ConfirmListener {
  readonly route = NO_ROUTE;
  readonly #subscriber: Subscriber<Confirmation>;

  constructor(subscriber: Subscriber<Confirmation>) {
    this.#subscriber = subscriber;
  }

  onConfirm(pending: Pending, nacked: boolean): void {
    this.#subscriber.next(confirmationOf(pending, nacked));
    this.#subscriber.complete();
  }

  onUnconfirmed(_pending: Pending, error: Error): void {
    this.#subscriber.error(error);
  }
}

/** Publishes the message, as it is now, when it is subscribed; emits once. */
export function publish(
  channel: ChannelCore, message: Outgoing, confirm: boolean,
): Observable<Confirmation> {
  const sent = snapshotOf(message);
  return new Observable((subscriber) => {
    if (confirm) selectConfirms(channel);
    try {
      const listener = new SingleListener(subscriber);
      post(channel, sent, confirm ? new Pending(sent, listener, message) : undefined);
    } catch (error) {
      subscriber.error(error);
      return;
    }
    if (confirm) return;
    subscriber.next({ kind: 'sent', message });
    subscriber.complete();
  });
}

/** Writes a message; throws, where the channel is closed or the message cannot be encoded. */
export function post(channel: ChannelCore, message: Outgoing, pending?: Pending): void {
  if (!channel.open) throw channel.endError;
  channel.publish(message, NO_ROUTE, pending);
}

/** How a stream of messages is published. */
export interface PublisherOptions extends Partial<WindowSettings> {
  /** For messages that name none. Default: the default exchange. */
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly mandatory?: boolean;
}

/** Turns messages into what became of them. */
export function publisher<M extends Outgoing>(
  channel: ChannelCore, options: PublisherOptions,
): OperatorFunction<M, Confirmation<M>> {
  const { exchange, routingKey, mandatory, confirm = true, inFlightMax = IN_FLIGHT_MAX } = options;
  const route = {
    ...(exchange === undefined ? {} : { exchange }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(mandatory === undefined ? {} : { mandatory }),
  };
  return (source) => new Observable((subscriber) => {
    // With none of them nothing would ever be sent.
    if (!(inFlightMax >= 1)) {
      subscriber.error(new ArgumentError(`inFlightMax is at least 1, not ${inFlightMax}`));
      return;
    }
    const window = new PublishWindow(channel, route, { confirm, inFlightMax }, subscriber);
    window.run(source);
  });
}
