import {
  defaultIfEmpty, firstValueFrom, Subscription, switchMap, tap, type Observable,
} from 'rxjs';
import type { Channel, Confirmation, Connection, FieldTable } from '../../../browser/client.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { connectTarget } from '../../port/connect-target.ts';
import { CANVAS_NAME } from './model.ts';

export interface QueueFlags {
  readonly durable: boolean;
  readonly autoDelete?: boolean;
  /** Of an exchange: clients may not publish to it. */
  readonly internal?: boolean;
  readonly arguments: FieldTable;
}

/**
 * The canvas as a client of the broker: what is declared here is declared over AMQP, on a channel
 * of its own each time, so that what the broker refuses ends no other. What is refused rejects with
 * the broker's own words.
 */
export class CanvasClient {
  readonly #port: BrokerPort;
  readonly #subscription = new Subscription();
  #connection: Promise<Connection> | undefined;

  constructor(port: BrokerPort) {
    this.#port = port;
  }

  /** Nothing more is declared: the screen is left. */
  close(): void {
    this.#subscription.unsubscribe();
  }

  declareQueue(name: string, options: QueueFlags): Promise<unknown> {
    return this.#on((channel) => channel.declareQueue(name, options));
  }

  declareExchange(name: string, type: string, options: QueueFlags): Promise<unknown> {
    return this.#on((channel) => channel.declareExchange(name, type, options));
  }

  deleteQueue(name: string): Promise<unknown> {
    return this.#on((channel) => channel.deleteQueue(name));
  }

  deleteExchange(name: string): Promise<unknown> {
    return this.#on((channel) => channel.deleteExchange(name));
  }

  purge(queue: string): Promise<unknown> {
    return this.#on((channel) => channel.purgeQueue(queue));
  }

  bind(end: BindingEnd): Promise<unknown> {
    const { source, destination, kind, key, table } = end;
    return this.#on((channel) => (kind === 'queue'
      ? channel.bindQueue(destination, source, key, table)
      : channel.bindExchange(destination, source, key, table)));
  }

  unbind(end: BindingEnd): Promise<unknown> {
    const { source, destination, kind, key, table } = end;
    return this.#on((channel) => (kind === 'queue'
      ? channel.unbindQueue(destination, source, key, table)
      : channel.unbindExchange(destination, source, key, table)));
  }

  publish(exchange: string, routingKey: string, body: string): Promise<unknown> {
    return this.#on((channel) => channel.publish({ exchange, routingKey, body }).pipe(
      tap(failIfRefused),
    ));
  }

  async #on(call: (channel: Channel) => Observable<unknown>): Promise<unknown> {
    const connection = await this.#connect();
    return firstValueFrom(connection.channel().pipe(
      switchMap((channel) => call(channel).pipe(defaultIfEmpty(undefined))),
    ));
  }

  #connect(): Promise<Connection> {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  /** Connects when it is first needed; and again, when the broker has begun anew. */
  async #open(): Promise<Connection> {
    const { connect } = await import('../../../browser/client.ts');
    const forget = (): void => (this.#connection = undefined);
    const target = connectTarget(this.#port);
    return new Promise((resolve, reject) => {
      this.#subscription.add(connect({
        ...target, connectionName: CANVAS_NAME, heartbeat: 0,
      }).subscribe({
        next: resolve,
        error: (error: unknown) => {
          forget();
          reject(error);
        },
        complete: forget,
      }));
    });
  }
}

/** A full queue refuses by a nack, which ends no channel. */
function failIfRefused({ kind }: Confirmation): void {
  if (kind === 'nacked') throw new Error('The broker refused the message with basic.nack.');
}

/** A binding, from its exchange to where it leads. */
export interface BindingEnd {
  readonly source: string;
  readonly destination: string;
  readonly kind: 'queue' | 'exchange';
  readonly key: string;
  readonly table: FieldTable;
}
