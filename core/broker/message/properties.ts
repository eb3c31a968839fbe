import type { Block } from '../../protocol/bytes.ts';
import { CONTENT_HEADER_BYTES } from '../../protocol/content.ts';
import { readValue } from '../../protocol/field-table.ts';
import { locateProperty } from '../../protocol/raw-properties.ts';
import { findField, type LocatedField } from '../../protocol/raw-table.ts';
import { Reader } from '../../protocol/reader.ts';
import { FRAME_HEADER_BYTES } from '../../protocol/spec.ts';
import type { FieldValue, PropertyName } from '../../protocol/types.ts';
import { frameEnd } from './bytes.ts';

const utf8 = new TextDecoder();

/** The properties of one message as they lie on the wire; only what is asked for is decoded. */
export class MessageProperties {
  /** Where the flags lie, which say what properties there are. */
  readonly flagsAt: number;
  readonly #block: Block;
  readonly #end: number;

  /** `contentStart` is where the header frame begins. */
  constructor(block: Block, contentStart: number) {
    this.flagsAt = flagsOf(contentStart);
    this.#block = block;
    this.#end = frameEnd(block, contentStart) - 1;
  }

  text(name: PropertyName): string | undefined {
    const located = this.locate(name);
    return located && utf8.decode(this.#block.bytes.subarray(located.start, located.end));
  }

  /** Where the value of a property lies, without its octets of size. */
  locate(name: PropertyName): { start: number; end: number } | undefined {
    return locateProperty(this.#block, this.flagsAt, this.#end, name);
  }

  header(name: string): FieldValue | undefined {
    const field = this.locateHeader(name);
    // A value begins with its tag.
    return field && readValue(Reader.lenient(this.#block, field.start - 1, field.end));
  }

  locateHeader(name: string): LocatedField | undefined {
    const table = this.locate('headers');
    return table && findField(this.#block, table.start, table.end, name);
  }
}

/** Where the flags of the properties lie, in a header frame that begins at `contentStart`. */
export function flagsOf(contentStart: number): number {
  return contentStart + FRAME_HEADER_BYTES + CONTENT_HEADER_BYTES;
}
