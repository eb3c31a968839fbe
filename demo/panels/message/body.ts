import { formatHex } from '../../screens/wire/hex.ts';

/** A body as people read it. */
export type BodyView =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly type: string; readonly octets: Uint8Array }
  | { readonly kind: 'binary'; readonly hex: string };

const strictText = new TextDecoder('utf-8', { fatal: true });
const images = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Guesses from the content type, then from the octets themselves. */
export function bodyView(octets: Uint8Array, contentType = ''): BodyView {
  if (octets.length === 0) return { kind: 'empty' };
  if (images.has(contentType)) return { kind: 'image', type: contentType, octets };
  const text = textOf(octets);
  if (text === undefined) return { kind: 'binary', hex: formatHex(octets) };
  const value = jsonOf(text);
  return value === undefined ? { kind: 'text', text } : { kind: 'json', value };
}

function textOf(octets: Uint8Array): string | undefined {
  try {
    const text = strictText.decode(octets);
    // Control characters mean that it is text by chance only.
    return /[^\P{Cc}\s]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Objects and lists alone: a bare number or word reads better as the text that it is. */
function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
