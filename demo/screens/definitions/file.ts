/** Characters of a definitions file that the page takes. */
export const FILE_CHARS_MAX = 8_000_000;

/** A file that was read, or why it was not. */
export type ReadDefinitions =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

export function readDefinitions(text: string): ReadDefinitions {
  if (text.length > FILE_CHARS_MAX) {
    const size = `${(text.length / 1e6).toFixed(1)} MB`;
    return { ok: false, reason: `The file has ${size}, and at most 8 MB are taken.` };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // Engines say themselves what they stumbled over.
    return { ok: false, reason: `This is no JSON: ${(error as Error).message}` };
  }
}
