import {
  FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, PROTOCOL_HEADER,
} from '../../core/protocol/index.ts';

/** Finds where frames end in one direction of a connection, however its bytes are cut. */
export class FrameEnds {
  /** Octets of the frame at hand that are still to come, or -1 where its size is not known. */
  #missing: number;
  readonly #header: number[] = [];
  #inProtocolHeader: boolean;

  /** `startsWithHeader`: the protocol header comes first, which is no frame. */
  constructor(startsWithHeader: boolean) {
    this.#missing = startsWithHeader ? PROTOCOL_HEADER.length : -1;
    this.#inProtocolHeader = startsWithHeader;
  }

  /** Offsets in the chunk behind each frame that ends in it. */
  next(chunk: Uint8Array): number[] {
    const ends: number[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#missing === -1) {
        this.#header.push(chunk[at++]!);
        if (this.#header.length === FRAME_HEADER_BYTES) this.#missing = this.#takeSize();
        continue;
      }
      const step = Math.min(this.#missing, chunk.length - at);
      at += step;
      this.#missing -= step;
      if (this.#missing > 0) break;
      this.#missing = -1;
      if (!this.#inProtocolHeader) ends.push(at);
      this.#inProtocolHeader = false;
    }
    return ends;
  }

  /** Octets behind the header of a frame, from the size that it names. */
  #takeSize(): number {
    const [, , , a = 0, b = 0, c = 0, d = 0] = this.#header;
    this.#header.length = 0;
    const payload = a * 0x100_0000 + b * 0x1_0000 + c * 0x100 + d;
    return payload + FRAME_OVERHEAD_BYTES - FRAME_HEADER_BYTES;
  }
}
