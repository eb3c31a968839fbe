/** Octets of one line of a hex dump. */
export const HEX_ROW_OCTETS = 16;

export interface HexRow {
  readonly offset: number;
  readonly octets: readonly number[];
}

export function hexRows(
  bytes: Uint8Array, rowOctets = HEX_ROW_OCTETS,
): readonly HexRow[] {
  const count = Math.ceil(bytes.length / rowOctets);
  return Array.from({ length: count }, (_, i) => {
    const offset = i * rowOctets;
    return { offset, octets: [...bytes.subarray(offset, offset + rowOctets)] };
  });
}

export function hexOctet(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}

/** The character of an octet, or a dot for one that has none to show. */
export function asciiOf(octet: number): string {
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '·';
}

/** Reads hex digits with anything blank between them; a sentence where it cannot. */
export function parseHex(text: string): Uint8Array | string {
  const digits = text.replaceAll(/\s/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0];
  if (wrong !== undefined) return `"${wrong}" is no hexadecimal digit.`;
  if (digits.length === 0) return 'There are no octets to send.';
  if (digits.length % 2 === 1) return 'The last octet has one digit only.';
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

export function formatHex(bytes: Uint8Array): string {
  return hexRows(bytes).map(({ octets }) => octets.map(hexOctet).join(' ')).join('\n');
}
