/** What the suite asks of the broker it runs against, and how it waits for Observables. */
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, onTestFinished, test } from 'vitest';
import {
  connect, type Channel, type Connection, type ConnectOptions, type FieldTable,
} from '../../../node/client.ts';
import { Inbox, within } from '../../clients/waiting.ts';
import { START_MS_MAX, type BrokerKind, type RunningBroker } from './brokers.ts';

let nameCount = 0;
/** A name that no other test uses, nor one before on a broker that goes on running. */
export const unique = (what: string): string => `tabmq-client-${what}-${process.pid}-${Date.now()}-${++nameCount}`;

export const first = <T>(source: Observable<T>): Promise<T> => within('an answer', firstValueFrom(source));
export const failure = async (source: Observable<unknown>): Promise<unknown> =>
  within('a failure', new Promise((resolve, reject) => {
    const subscription = source.subscribe({ error: resolve, complete: () => reject(new Error('it completed')) });
    onTestFinished(() => subscription.unsubscribe());
  }));

/** Holds what an Observable gives until the test is over. */
export function hold<T>(source: Observable<T>): Promise<T> {
  return within('a connection or channel', new Promise((resolve, reject) => {
    const subscription = source.subscribe({ next: resolve, error: reject });
    onTestFinished(() => subscription.unsubscribe());
  }));
}

/** What an Observable emits, to be taken in order. */
export function inboxOf<T>(source: Observable<T>): Inbox<T> & { readonly errors: Inbox<unknown>; stop(): void } {
  const errors = new Inbox<unknown>();
  const inbox = new Inbox<T>();
  const subscription = source.subscribe({ next: inbox.put, error: errors.put });
  const stop = (): void => subscription.unsubscribe();
  onTestFinished(stop);
  return Object.assign(inbox, { errors, stop });
}

/** One broker, started for the tests of one `describe`. */
export class Site {
  readonly product: string;
  /** Where there is no RabbitMQ, the set-up of the tests says so loudly. */
  readonly test: typeof test;
  #broker: RunningBroker | undefined;

  constructor({ product, available, start }: BrokerKind) {
    this.product = product;
    this.test = test.skipIf(!available) as typeof test;
    beforeAll(async () => {
      if (available) this.#broker = await start();
    }, START_MS_MAX);
    afterAll(() => this.#broker?.stop());
  }

  get broker(): RunningBroker {
    return this.#broker!;
  }

  url(port = this.broker.port): string {
    return `amqp://guest:guest@${this.broker.host}:${port}`;
  }

  connected(options: ConnectOptions = {}): Promise<Connection> {
    return hold(connect({ url: this.url(), ...options }));
  }

  async opened(): Promise<Channel> {
    return hold((await this.connected()).channel());
  }

  /** The name of a queue that goes with the connection of the channel. */
  async own(channel: Channel, args: FieldTable = {}): Promise<string> {
    const options = { durable: false, exclusive: true, arguments: args };
    return (await first(channel.declareQueue(unique('queue'), options))).queue;
  }
}
