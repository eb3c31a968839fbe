/** Characters of a definitions file that the page takes. */
export const FILE_CHARS_MAX = 8_000_000;

/** What was read, or why it was not. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** The text of a file that somebody chose; one that is too large is not even read. */
export async function textOfFile(file: File): Promise<Read<string>> {
  if (file.size > FILE_CHARS_MAX) return tooLarge(file.size);
  try {
    return { ok: true, value: await file.text() };
  } catch {
    return { ok: false, reason: `“${file.name}” cannot be read: it is a folder, or gone.` };
  }
}

export function readDefinitions(text: string): Read<unknown> {
  if (text.length > FILE_CHARS_MAX) return tooLarge(text.length);
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // Engines say themselves what they stumbled over.
    return { ok: false, reason: `This is no JSON: ${(error as Error).message}` };
  }
}

function tooLarge(bytes: number): { readonly ok: false; readonly reason: string } {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  return { ok: false, reason: `The file has ${size}, and at most 8 MB are taken.` };
}
