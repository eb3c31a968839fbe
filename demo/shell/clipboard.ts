/**
 * Puts a text into the clipboard. Answers what to tell of it: `what` is there, or this browser does
 * not let pages write to it, as some do for pages that are not served over https.
 */
export async function copyText(text: string, what: string): Promise<string> {
  return await isCopied(text) ? `${what} is in the clipboard.` : COPY_DENIED;
}

export const COPY_DENIED = 'This browser does not let a page write to the clipboard.';

/** Whether it could be. */
export async function isCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
