import { asciiOf, hexOctet, hexRows } from '../../screens/wire/hex.ts';
import { packings, type Packing } from './packed.ts';

/** A body as people read it. */
export type BodyView =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly type: string; readonly octets: Uint8Array }
  /**
   * `format`: what it is said to be, '' where nobody knows. `packings`: what it may be unpacked as,
   * the likely one first.
   */
  | { readonly kind: 'binary'; readonly hex: string; readonly format: string;
      readonly packings: readonly Packing[] };

const strictText = new TextDecoder('utf-8', { fatal: true });

/** Pictures that every browser shows, by the octets that they begin with. */
const images: readonly (readonly [type: string, start: RegExp])[] = [
  ['image/png', /^\x89PNG\r\n/], ['image/jpeg', /^\xff\xd8\xff/], ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
];

/** Formats that are named; those that nothing here can unpack are shown as octets. */
const formats: readonly (readonly [format: string, type: RegExp])[] = [
  ['CBOR', /\bcbor\b/i], ['MessagePack', /\b(x-)?m(essage|sg)pack\b/i],
  ['Protocol Buffers', /\bprotobuf\b/i], ['Avro', /\bavro\b/i],
];

/** Guesses from the content type and from the octets themselves. */
export function bodyView(octets: Uint8Array, contentType = ''): BodyView {
  if (octets.length === 0) return { kind: 'empty' };
  const start = String.fromCharCode(...octets.subarray(0, 16));
  const image = images.find(([type, magic]) => type === contentType || magic.test(start));
  if (image !== undefined) return { kind: 'image', type: image[0], octets };
  const format = formats.find(([, type]) => type.test(contentType))?.[0] ?? '';
  const text = format === '' ? textOf(octets) : undefined;
  if (text === undefined) {
    return { kind: 'binary', hex: dump(octets), format, packings: packingsOf(octets, format) };
  }
  const value = jsonOf(text);
  return value === undefined ? { kind: 'text', text } : { kind: 'json', value };
}

/** What it is said to be; else what an object or a list would begin with in each format. */
function packingsOf(octets: Uint8Array, format: string): readonly Packing[] {
  if (format !== '') return packings.filter((packing) => packing === format);
  const [first = 0] = octets;
  // Of both formats: 80 to 9f. CBOR alone: maps, and the tag that says that it is CBOR.
  const inCbor = (first >= 0x80 && first <= 0xbf) || first === 0xd9;
  const inMessagePack = (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf);
  return packings.filter((packing) => (packing === 'CBOR' ? inCbor : inMessagePack));
}

/** Octets beside the characters that some of them are. */
function dump(octets: Uint8Array): string {
  return hexRows(octets, 8).map(({ octets: row }) => (
    `${row.map(hexOctet).join(' ').padEnd(23)}  ${row.map(asciiOf).join('')}`
  )).join('\n');
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
export function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
