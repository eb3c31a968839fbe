import { JournalDamage, NewerFormat, describeDropped } from '../core/storage/index.ts';
import { cannotKeep } from './cannot-keep.ts';
import { storageReason } from './storage-reason.ts';

/** Why the data of a broker cannot be had, as a sentence for the one who opened it. */
export function explainStorage(name: string, error: unknown): string {
  if (error instanceof JournalDamage) {
    const places = error.damages.map(describeDropped).join(', ');
    return `The data of the broker '${name}' are damaged: ${places}. ` +
      'Open it with salvage: true to keep all else.';
  }
  if (error instanceof NewerFormat) {
    return `The data of the broker '${name}' are of a newer TabMQ: ${error.message}.`;
  }
  return cannotKeep(name, storageReason(error));
}
