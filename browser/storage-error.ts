import { JournalDamage, NewerFormat, describeDropped } from '../core/storage/index.ts';

/** Whether the browser has no more space for this site. */
export function isQuotaExceeded(error: unknown): boolean {
  return (error as Error | null)?.name === 'QuotaExceededError';
}

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
  const reason = isQuotaExceeded(error)
    ? 'this site has no more space'
    : (error as Error).message.replace(/\.$/, '');
  return `The data of the broker '${name}' cannot be kept: ${reason}. ` +
    "With storage: 'durable-or-memory' it would go on in memory alone.";
}
