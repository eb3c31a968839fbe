import type { Address } from '../message/address.ts';

/** A durable queue or exchange, which messages lie in. */
export interface DurableDestination {
  readonly gone: boolean;
  /** Messages that wait in it; absent where none is ever fetched before its time. */
  readonly readyCount?: number;
  /** Whether it keeps messages that are not persistent as well. Default: false. */
  readonly keepsAll?: boolean;
}

/** Where the bytes of a message are: in memory, on their way there, or nowhere any more. */
export type Residence = 'here' | 'coming' | 'lost';

/** What brings messages into memory that the journal alone has, and lets them go. */
export interface Pager {
  /** A message went out; whoever has it may keep it for long. */
  delivered(address: Address): void;
  /** Brings the bytes of a message back; where they are coming, `then` is called after that. */
  load(address: Address, then: () => void): Residence;
  /** Runs `use` while these messages can be read, from the first on as many as may be. */
  lend<T>(addresses: readonly Address[], use: () => T): Promise<T>;
}

/** What keeps messages over a restart, as far as those need it in which messages lie. */
export interface Keeper {
  readonly paging: Pager;
  /** Whether changes are recorded: from the end of the recovery on, while the disk takes them. */
  readonly recording: boolean;
  /** A message lies in a durable destination. */
  arrived(
    destination: DurableDestination, address: Address, until: number, priority?: number,
  ): void;
  /** A message left a durable destination for good. */
  left(destination: DurableDestination, address: Address): void;
  /** It came back to a queue for the given time, and is ready at once or at `readyAt`. */
  returned(
    queue: DurableDestination, address: Address, deliveryCount: number, readyAt?: number,
  ): void;
  /** It died, and the queue keeps it until another one has it. */
  died(queue: DurableDestination, address: Address, death: number, at: number): void;
  /** What the turn publishes is on disk as one, or not at all. */
  keepAsOne(): void;
  /** Runs once all that was recorded until now is on disk; `refuse` where it will never be. */
  whenDurable(run: () => void, refuse: () => void): void;
}
