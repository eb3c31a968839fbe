import { CONTENT_HEADER_BYTES } from '../../protocol/content.ts';
import { readProperties } from '../../protocol/properties.ts';
import { Reader } from '../../protocol/reader.ts';
import { FRAME_HEADER_BYTES } from '../../protocol/spec.ts';
import {
  Decimal, type FieldTable, type FieldValue, type Properties,
} from '../../protocol/types.ts';
import type { Tail } from './content-frames.ts';
import { frameEnd, readBody, type MessageBytes } from './bytes.ts';
import { MARK_BCC, MARK_DEAD_LETTERED } from './store.ts';

/** A message at rest, decoded as far as is asked. Valid while somebody refers to it. */
export class StoredMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly bytes: MessageBytes;
  readonly marks: number;
  #properties: Properties | undefined;

  /** A message of the store, or one that is still to go there. */
  constructor(message: Tail | MessageBytes, marks: number) {
    const bytes = this.bytes = 'start' in message ? bytesOf(message) : message;
    const names = Reader.lenient(bytes.block, bytes.namesStart, bytes.namesEnd);
    this.exchange = names.shortstr();
    this.routingKey = names.shortstr();
    this.marks = marks;
  }

  /** The properties as they were published. */
  get properties(): Properties {
    this.#properties ??= propertiesOf(this.bytes);
    return this.#properties;
  }

  /** The properties as receivers see them: without BCC. BAS-04. */
  get visibleProperties(): Properties {
    const { properties } = this;
    if ((this.marks & MARK_BCC) === 0) return properties;
    const { BCC: _hidden, ...headers } = properties.headers!;
    return { ...properties, headers };
  }

  /** Milliseconds after which it expires, as it was published; Infinity: never. QUE-15. */
  get timeToLive(): number {
    const { expiration } = this.properties;
    return expiration === undefined ? Infinity : Number(expiration);
  }

  /** Its routing key, and those of CC. BAS-04. */
  get routingKeys(): readonly string[] {
    return [this.routingKey, ...textsOf(this.properties.headers?.['CC'])];
  }

  /** The keys of BCC. */
  get hiddenKeys(): readonly string[] {
    return textsOf(this.properties.headers?.['BCC']);
  }

  /** The body; a view of the store where it lies in one frame. */
  get body(): Uint8Array {
    const { block, contentStart, bodyBytes } = this.bytes;
    return readBody(block, frameEnd(block, contentStart), bodyBytes);
  }

  /** Entries of x-death that this broker wrote, newest first, or also a publisher. QUE-22. */
  deathsBefore(sentDeathsCount: boolean): readonly FieldTable[] {
    const isOurs = (this.marks & MARK_DEAD_LETTERED) !== 0;
    if (!isOurs && !sentDeathsCount) return [];
    const deaths = this.properties.headers?.['x-death'];
    return Array.isArray(deaths) ? deaths.filter(isTable) : [];
  }
}

function bytesOf({ block, start, end, namesBytes, bodyBytes }: Tail): MessageBytes {
  return {
    block,
    namesStart: start,
    namesEnd: start + namesBytes,
    contentStart: start + namesBytes + 1,
    contentEnd: end,
    bodyBytes,
    canonical: true,
  };
}

/** Decodes the properties of a message. */
export function propertiesOf({ block, contentStart }: MessageBytes): Properties {
  const payload = contentStart + FRAME_HEADER_BYTES;
  const end = frameEnd(block, contentStart) - 1;
  // RabbitMQ lets short strings pass that are no UTF-8, so what was stored may hold some.
  return readProperties(Reader.lenient(block, payload + CONTENT_HEADER_BYTES, end));
}

function textsOf(value: FieldValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((text): text is string => typeof text === 'string');
}

function isTable(value: FieldValue): value is FieldTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    && !(value instanceof Uint8Array) && !(value instanceof Date) && !(value instanceof Decimal);
}
