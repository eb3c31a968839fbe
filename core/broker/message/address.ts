declare const addressBrand: unique symbol;
declare const slotBrand: unique symbol;

/**
 * Where a message lies in the store: segment number and offset in one integer. That of a persistent
 * message names its row in the table instead, since its bytes may be in the journal alone.
 */
export type Address = number & { readonly [addressBrand]: true };

/** Number of a row of the table of persistent messages; rows count from 1. */
export type Slot = number & { readonly [slotBrand]: true };

/** Addresses, or slots, in a row. */
export type AddressArray = Float64Array & { [index: number]: Address };
export type SlotArray = Uint32Array & { [index: number]: Slot };

/** No address: that of what is not in the store, as a message of a stream. */
export const NOWHERE = Infinity as Address;

/** Whether the message has a row in the table of persistent messages. */
export function isPersistent(address: Address): boolean {
  return address < 0;
}

/** The row of a persistent message. */
export function slotOf(address: Address): Slot {
  return -address as Slot;
}

/** The address of the persistent message in this row. */
export function addressOf(slot: Slot): Address {
  return -slot as Address;
}
