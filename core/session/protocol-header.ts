import { PROTOCOL_HEADER } from '../protocol/spec.ts';

/** AMQP 0-9-1, and the way in which some of its clients still write 0-9. CON-01. */
const ACCEPTED_HEADERS = [PROTOCOL_HEADER, Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9)];

/** The first 8 octets of a client, which may come one by one. */
export class ProtocolHeader {
  readonly octets: number[] = [];

  get isWhole(): boolean {
    return this.octets.length === PROTOCOL_HEADER.length;
  }

  /** Whether what came so far may become a header that is accepted, or is one. */
  get isPossible(): boolean {
    return ACCEPTED_HEADERS.some((accepted) =>
      this.octets.every((octet, index) => octet === accepted[index]));
  }

  /** Takes what belongs to the header, and answers the rest of the chunk. */
  take(chunk: Uint8Array): Uint8Array {
    const wanted = PROTOCOL_HEADER.length - this.octets.length;
    this.octets.push(...chunk.subarray(0, wanted));
    return chunk.subarray(wanted);
  }
}
