import { STORES_NOTHING } from './cannot-keep.ts';

/** Whether the browser has no more space for this site. */
export function isQuotaExceeded(error: unknown): boolean {
  return (error as Error | null)?.name === 'QuotaExceededError';
}

/** Names of what a browser fails with that keeps a site from storing anything at all. */
const denials: readonly unknown[] = ['SecurityError', 'NotAllowedError'];

/** Why nothing can be stored: the end of a sentence, without its full stop. */
export function storageReason(error: unknown): string {
  if (isQuotaExceeded(error)) return 'this site has no more space';
  const { name, message } = error as Error;
  if (denials.includes(name)) return STORES_NOTHING;
  return message.replace(/\.$/, '');
}
