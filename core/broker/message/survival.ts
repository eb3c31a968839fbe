import { hasPersistentMode, keepingMarks } from './publish-options.ts';
import { rewrite } from './rewriting.ts';
import { isPersistent, slotOf, type Address } from './address.ts';
import { MARK_TRANSIENT, type MessageStore } from './store.ts';
import type { StoredMessage } from './stored-message.ts';

/** Where messages are read and stored. */
interface Messages {
  readonly store: MessageStore;
  readMessage(address: Address): StoredMessage;
}

/** Whether a message survives a restart in a queue that keeps what is persistent. BAS-07. */
export function survives(vhost: Messages, address: Address): boolean {
  if (isPersistent(address)) {
    return (vhost.store.table.marks(slotOf(address)) & MARK_TRANSIENT) === 0;
  }
  return hasPersistentMode(vhost.readMessage(address).bytes);
}

/**
 * A copy with a row, of a message that came on a way on which nobody knew that a queue would keep
 * it, as one out of a history. QUE-29.
 */
export function withRow(vhost: Messages, address: Address): Address {
  const { bytes, marks } = vhost.readMessage(address);
  // The store may move what it holds while it takes the copy in.
  return vhost.store.append(rewrite(bytes, {}), marks | keepingMarks(bytes, true));
}
