import type { Cancel, Clock } from '../../ports.ts';
import type { Subscription } from 'rxjs';
import type { Address } from '../message/address.ts';
import type { MessageBytes } from '../message/bytes.ts';
import type { MessageStore } from '../message/store.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { Keeper } from '../turn/keeper.ts';

/** What an exchange that holds messages asks of its virtual host. */
export interface HoldingHost {
  readonly clock: Clock;
  readonly turn: { readonly now: number };
  readonly store: MessageStore;
  /** What keeps messages over a restart; undefined: nothing does. */
  readonly persistence: Keeper | undefined;
  readMessage(address: Address): StoredMessage;
  /** Runs in a turn, once the message is in memory; `lost` where it cannot be read. */
  whenReadable(address: Address, run: () => void, lost: () => void): void;
  /** Runs in a turn after so many milliseconds; `why` is for whoever looks at the timers. */
  setTimer(delayMs: number, run: () => void, why: string): Cancel;
  /** Publishes a message that is encoded already. */
  publishBytes(exchange: HoldingExchange, bytes: MessageBytes, marks: number): void;
}

/** An exchange that holds messages, as far as what holds them needs it. */
export interface HoldingExchange {
  readonly gone: boolean;
  readonly vhost: HoldingHost;
  readonly options: { readonly durable: boolean };
  readonly subscription: Subscription;
}
