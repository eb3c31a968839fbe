const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...LETTERS].map((letter, value) => [letter, value]));

/** Octets as base64 with padding. [RFC 4648 4] */
export function encodeBase64(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += 3) {
    const [first = 0, second = 0, third = 0] = octets.subarray(at, at + 3);
    const bits = (first << 16) | (second << 8) | third;
    const count = Math.min(octets.length - at, 3) + 1;
    for (let i = 0; i < 4; i++) text += i < count ? LETTERS[(bits >> (18 - 6 * i)) & 63]! : '=';
  }
  return text;
}

/** The octets of a text in base64, with padding or without; undefined where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const letters = text.replace(/={1,2}$/, '');
  const isPadded = letters.length !== text.length;
  if (letters.length % 4 === 1 || (isPadded && text.length % 4 !== 0)) return undefined;
  const octets = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let count = 0;
  for (const letter of letters) {
    const value = VALUES.get(letter);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xff_ffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    octets[count++] = (bits >> bitCount) & 0xff;
  }
  return octets;
}
