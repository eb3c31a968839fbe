import { BehaviorSubject, type Observable } from 'rxjs';
import type { Channel } from './channel.ts';

/** What a connection opens one channel for, whatever is asked of it. */
export type SharedUse = 'publish' | 'get' | 'rpc';

/** The channels of one connection for single messages, each opened when it is first used. */
export class SharedChannels {
  readonly #open: () => Observable<Channel>;
  readonly #channels = new Map<SharedUse, Observable<Channel | undefined>>();

  constructor(open: () => Observable<Channel>) {
    this.#open = open;
  }

  /** Emits undefined until the channel is open, and fails with what ends it. */
  get(use: SharedUse): Observable<Channel | undefined> {
    const known = this.#channels.get(use);
    if (known !== undefined) return known;
    const channel$ = new BehaviorSubject<Channel | undefined>(undefined);
    this.#channels.set(use, channel$);
    // First, since who hears of its end may go on at once, and then on another one.
    const forget = (): void => void this.#channels.delete(use);
    this.#open().subscribe({
      next: (channel) => channel$.next(channel),
      error: (error) => {
        forget();
        channel$.error(error);
      },
      complete: () => {
        forget();
        channel$.complete();
      },
    });
    return channel$;
  }
}
