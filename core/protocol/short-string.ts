/** Octets of UTF-8 that a short string holds. [AMQP 4.2.5.3 strings] */
export const SHORTSTR_BYTES_MAX = 255;

const utf8 = new TextEncoder();

/** What is wrong with a text that no short string holds, as it would be cut; else undefined. */
export function excessOf(what: string, text: string): string | undefined {
  // UTF-8 takes at most three octets for each unit of a string.
  if (text.length * 3 <= SHORTSTR_BYTES_MAX) return undefined;
  const bytes = utf8.encode(text).length;
  if (bytes <= SHORTSTR_BYTES_MAX) return undefined;
  return `${what} takes ${bytes} octets, where ${SHORTSTR_BYTES_MAX} are allowed`;
}
