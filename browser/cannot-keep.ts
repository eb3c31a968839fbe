export const STORES_NOTHING = 'this browser does not let this site store anything';

/** Why a broker cannot have its data, as a sentence for the one who opened it. */
export function cannotKeep(name: string, reason: string): string {
  return `The data of the broker '${name}' cannot be kept: ${reason}. ` +
    "With storage: 'durable-or-memory' it would go on in memory alone.";
}
