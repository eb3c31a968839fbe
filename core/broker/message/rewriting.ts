import { CONTENT_HEADER_BYTES } from '../../protocol/content.ts';
import { writeValue } from '../../protocol/field-table.ts';
import { locateProperty, propertyFlags } from '../../protocol/raw-properties.ts';
import { eachField } from '../../protocol/raw-table.ts';
import { basicProperties, FRAME_HEADER_BYTES, frameTypes } from '../../protocol/spec.ts';
import type { FieldTable } from '../../protocol/types.ts';
import type { Writer } from '../../protocol/writer.ts';
import { bufferWriter, frameEnd, readBody, withBody, type MessageBytes } from './bytes.ts';

/** What is to differ; what is not named stays as it is, octet for octet. */
export interface Rewriting {
  readonly exchange?: string;
  readonly routingKey?: string;
  /** Present and undefined: the property goes. */
  readonly expiration?: undefined;
  readonly replyTo?: string;
  readonly dropHeaders?: readonly string[];
  readonly setHeaders?: FieldTable;
}

const utf8 = new TextDecoder();
/** What names and headers take, mostly: a larger buffer is made where they are more. */
const ADDED_BYTES = 2048;
/** Where headers are collected until their size is known. */
const table = bufferWriter();

/** Makes the bytes of a message anew with some parts changed. */
export function rewrite(message: MessageBytes, rewriting: Rewriting): MessageBytes {
  const { block, contentStart, bodyBytes } = message;
  const writer = bufferWriter(message.contentEnd - message.contentStart + ADDED_BYTES);
  writeNames(writer, message, rewriting);
  const namesEnd = writer.length;
  const headerEnd = frameEnd(block, contentStart);
  const frame = writer.beginFrame(frameTypes.header, 0);
  const payload = contentStart + FRAME_HEADER_BYTES;
  writer.raw(block, payload, payload + CONTENT_HEADER_BYTES);
  writeChangedProperties(writer, message, headerEnd - 1, rewriting);
  writer.endFrame(frame);
  return withBody(writer, namesEnd, readBody(block, headerEnd, bodyBytes));
}

function writeNames(writer: Writer, message: MessageBytes, rewriting: Rewriting): void {
  const { block, namesStart } = message;
  const keyStart = namesStart + 1 + block.bytes[namesStart]!;
  if (rewriting.exchange === undefined) writer.raw(block, namesStart, keyStart);
  else writer.shortstr(rewriting.exchange);
  if (rewriting.routingKey === undefined) writer.raw(block, keyStart, message.namesEnd);
  else writer.shortstr(rewriting.routingKey);
}

function writeChangedProperties(
  writer: Writer, { block, contentStart }: MessageBytes, end: number, rewriting: Rewriting,
): void {
  const flagsAt = contentStart + FRAME_HEADER_BYTES + CONTENT_HEADER_BYTES;
  let flags = block.view.getUint16(flagsAt);
  if ('expiration' in rewriting) flags &= ~propertyFlags.expiration;
  if (rewriting.replyTo !== undefined) flags |= propertyFlags.replyTo;
  if (rewriting.setHeaders !== undefined) flags |= propertyFlags.headers;
  writer.short(flags);
  for (const [name, domain] of basicProperties) {
    if ((flags & propertyFlags[name]) === 0) continue;
    const located = locateProperty(block, flagsAt, end, name);
    if (name === 'headers') writeChangedHeaders(writer, block, located, rewriting);
    else if (name === 'replyTo' && rewriting.replyTo !== undefined) {
      writer.shortstr(rewriting.replyTo);
    } else if (located !== undefined) {
      const start = domain === 'shortstr' ? located.start - 1 : located.start;
      writer.raw(block, start, located.end);
    }
  }
}

/** Headers that are set come first, as RabbitMQ has them; the rest follows in its order. */
function writeChangedHeaders(
  writer: Writer, block: MessageBytes['block'],
  located: { start: number; end: number } | undefined, rewriting: Rewriting,
): void {
  const { setHeaders = {}, dropHeaders = [] } = rewriting;
  table.length = 0;
  for (const [key, value] of Object.entries(setHeaders)) {
    table.shortstr(key);
    writeValue(table, value);
  }
  if (located !== undefined) {
    eachField(block, located.start, located.end, (keyStart, keyEnd, _tag, _start, valueEnd) => {
      const key = utf8.decode(block.bytes.subarray(keyStart, keyEnd));
      if (Object.hasOwn(setHeaders, key) || dropHeaders.includes(key)) return;
      table.raw(block, keyStart - 1, valueEnd);
    });
  }
  writer.bytes(table.block.bytes.subarray(0, table.length));
}
