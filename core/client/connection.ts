import { map, Observable, switchMap, type OperatorFunction } from 'rxjs';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import type { Tuning } from '../session/tune.ts';
import { Channel } from './channel.ts';
import type { ChannelCore } from './channel-core.ts';
import type { Confirmation } from './confirmation.ts';
import type { ConnectionCore } from './connection-core.ts';
import type { ConsumeOptions } from './consume.ts';
import type { Delivery } from './delivery.ts';
import type { Outgoing } from './outgoing.ts';
import type { PublisherOptions } from './publish.ts';

/** An open connection. It lasts until the Observable that gave it is unsubscribed, or fails. */
export class Connection {
  readonly #core: ConnectionCore;
  /** Whether the broker takes no messages at present; starts with how it is. CON-33. */
  readonly blocked$: Observable<boolean>;

  constructor(core: ConnectionCore) {
    this.#core = core;
    this.blocked$ = core.blocked$.pipe(map((reason) => reason !== undefined));
  }

  /** Whether it can still be used. */
  get open(): boolean {
    return !this.#core.ended;
  }

  /** Why the broker takes no messages at present; undefined, where it does. */
  get blockedReason(): string | undefined {
    return this.#core.blocked$.value;
  }

  /** The endpoint, without user and password. */
  get name(): string {
    return this.#core.settings.name;
  }

  /** What the broker says of itself: product, version, capabilities. */
  get serverProperties(): FieldTable {
    return this.#core.info.serverProperties;
  }

  /** The limits that both sides agreed on; 0: none. */
  get tuning(): Tuning {
    return this.#core.info.tuning;
  }

  /**
   * Opens a channel when it is subscribed, and closes it when it is unsubscribed. Emits the
   * channel once; never completes; fails with what ended the channel or the connection.
   */
  channel(): Observable<Channel> {
    return new Observable((subscriber) => {
      let channel: ChannelCore | undefined;
      try {
        channel = this.#core.openChannel({
          opened: () => subscriber.next(new Channel(channel!)),
          ended: (error) => (error === undefined ? subscriber.complete() : subscriber.error(error)),
        });
      } catch (error) {
        subscriber.error(error);
        return;
      }
      subscriber.add(() => channel.close());
    });
  }

  /** Consumes on a channel of its own; see `Channel.consume`. */
  consume(queue: string, options: ConsumeOptions = {}): Observable<Delivery> {
    return this.channel().pipe(switchMap((channel) => channel.consume(queue, options)));
  }

  /** Publishes on a channel of its own; see `Channel.publisher`. */
  publisher<M extends Outgoing = Outgoing>(
    options: PublisherOptions = {},
  ): OperatorFunction<M, Confirmation<M>> {
    // Not by switchMap, which would go on when the source has completed, as a channel does.
    return (source) => new Observable((confirmations) => {
      confirmations.add(this.channel().subscribe({
        next: (channel) => {
          confirmations.add(source.pipe(channel.publisher<M>(options)).subscribe(confirmations));
        },
        error: (error: unknown) => confirmations.error(error),
      }));
    });
  }

  /** Gives the broker a new secret before the old one expires. CON-34. */
  updateSecret(newSecret: Uint8Array, reason: string): Observable<void> {
    const args: MethodArgs<'connection.update-secret'> = { newSecret, reason };
    return new Observable<unknown>((subscriber) => {
      this.#core.request('connection.update-secret', args, subscriber);
    }).pipe(map(() => undefined));
  }
}
