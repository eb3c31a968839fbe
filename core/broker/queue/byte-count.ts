import { isPersistent, type Address } from '../message/address.ts';

/** Messages that a restart leaves, and the bytes of their bodies. */
export interface PersistentCount {
  readonly messages: number;
  readonly bytes: number;
}

/** What the bodies of some messages of a queue take, counted as they come and go. */
export class ByteCount {
  bytes = 0;
  #persistentMessages = 0;
  #persistentBytes = 0;

  add(address: Address, bytes: number): void {
    this.bytes += bytes;
    if (!isPersistent(address)) return;
    this.#persistentMessages++;
    this.#persistentBytes += bytes;
  }

  remove(address: Address, bytes: number): void {
    this.bytes -= bytes;
    if (!isPersistent(address)) return;
    this.#persistentMessages--;
    this.#persistentBytes -= bytes;
  }

  /** All are gone at once. */
  clear(): void {
    this.bytes = 0;
    this.#persistentMessages = 0;
    this.#persistentBytes = 0;
  }

  /** Of these and of others, those that a restart leaves. */
  persistentWith(others: ByteCount): PersistentCount {
    return {
      messages: this.#persistentMessages + others.#persistentMessages,
      bytes: this.#persistentBytes + others.#persistentBytes,
    };
  }
}
