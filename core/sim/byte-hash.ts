/** A fingerprint of all bytes and when they went: two runs of one seed must not differ. */
export class ByteHash {
  #low = 0x811c9dc5 | 0;
  #high = 0x2545f491 | 0;

  add(bytes: Uint8Array): void {
    for (const octet of bytes) this.#mix(octet);
  }

  addNumber(value: number): void {
    this.#mix(value & 0xff);
    this.#mix((value >>> 8) & 0xff);
    this.#mix((value >>> 16) & 0xff);
  }

  get text(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #mix(octet: number): void {
    this.#low = Math.imul(this.#low ^ octet, 0x01000193);
    this.#high = (Math.imul(this.#high, 0x01000193) ^ octet) + (this.#low >>> 13);
  }
}
