import type { Block } from '../protocol/bytes.ts';
import { CONTENT_HEADER_BYTES, frameEnd, readBody } from '../protocol/content.ts';
import { readProperties } from '../protocol/properties.ts';
import { Reader } from '../protocol/reader.ts';
import { FRAME_HEADER_BYTES } from '../protocol/spec.ts';
import type { Properties } from '../protocol/types.ts';
import { jsonCodec, textCodec, type ContentCodec } from './content-codec.ts';

/** Where a content lies in memory that is ours: header frame, then body frames. */
export interface ContentPlace {
  readonly block: Block;
  readonly start: number;
  readonly bodyBytes: number;
}

/** A message from the broker. Properties and body are decoded when they are first asked for. */
export class Message {
  /** Exchange that it was published to; '' is the default exchange. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly #place: ContentPlace;
  #properties: Properties | undefined;
  #body: Uint8Array | undefined;

  constructor(exchange: string, routingKey: string, place: ContentPlace) {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.#place = place;
  }

  /** The properties that are present. Throws AmqpError 502, where they are malformed. */
  get properties(): Properties {
    if (this.#properties === undefined) {
      const { block, start } = this.#place;
      const flagsAt = start + FRAME_HEADER_BYTES + CONTENT_HEADER_BYTES;
      const reader = new Reader(EMPTY).reset(block, flagsAt, frameEnd(block, start) - 1);
      this.#properties = readProperties(reader);
    }
    return this.#properties;
  }

  /** Size of the body in octets. */
  get bodyBytes(): number {
    return this.#place.bodyBytes;
  }

  /** The body. Its memory may be shared with other messages, so `slice()` what is kept for long. */
  get body(): Uint8Array {
    if (this.#body === undefined) {
      const { block, start, bodyBytes } = this.#place;
      this.#body = readBody(block, frameEnd(block, start), bodyBytes);
    }
    return this.#body;
  }

  /** The body as UTF-8. Throws, where it is none. */
  text(): string {
    return textCodec.decode(this.body);
  }

  /** The body as JSON. Throws, where it is none. */
  json<T = unknown>(): T {
    return jsonCodec.decode(this.body) as T;
  }

  /** The body by any codec. */
  decode<T>(codec: ContentCodec<T>): T {
    return codec.decode(this.body);
  }
}

const EMPTY = new Uint8Array(0);
