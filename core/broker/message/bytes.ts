import { limits } from '../../limits.ts';
import { copy, type Block } from '../../protocol/bytes.ts';
import { BODY_FRAME_BYTES_MAX, frameEnd, readBody } from '../../protocol/content.ts';
import { writeBody, writeContentHeader } from '../../protocol/properties.ts';
import { FRAME_END, FRAME_OVERHEAD_BYTES } from '../../protocol/spec.ts';
import type { Properties } from '../../protocol/types.ts';
import { bufferWriter } from '../../protocol/scratch.ts';
import { FRAME_ROOM_BYTES, type Writer } from '../../protocol/writer.ts';

export { bufferWriter, frameEnd, readBody };

/** A message in wire form, somewhere. The channel numbers in its frames mean nothing. */
export interface MessageBytes {
  readonly block: Block;
  /** Exchange and routing key as two short strings. */
  readonly namesStart: number;
  readonly namesEnd: number;
  /** Header frame and body frames. */
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly bodyBytes: number;
  /** Whether the body is cut into as few frames of the largest size as may be. */
  readonly canonical: boolean;
}

/** What names and properties take, mostly: a larger buffer is made where they are more. */
const ADDED_BYTES = 2048;
/** Where a header is written before its size is known. */
const header = bufferWriter();

/** Makes the bytes of a message that did not come over a wire. */
export function encodeMessage(
  exchange: string, routingKey: string, properties: Properties, body: Uint8Array,
): MessageBytes {
  header.length = 0;
  const writer = bufferWriter(body.length + ADDED_BYTES);
  writer.shortstr(exchange);
  writer.shortstr(routingKey);
  const namesEnd = writer.length;
  writeContentHeader(header, 0, body.length, properties);
  writer.raw(header.block, 0, header.length);
  return withBody(writer, namesEnd, body);
}

/** The same message with its body cut into as few frames as may be. */
export function recut(message: MessageBytes): MessageBytes {
  const { block, namesStart, namesEnd, contentStart } = message;
  const headerEnd = frameEnd(block, contentStart);
  const writer = bufferWriter();
  writer.raw(block, namesStart, namesEnd);
  writer.raw(block, contentStart, headerEnd);
  return withBody(writer, namesEnd - namesStart, readBody(block, headerEnd, message.bodyBytes));
}

/** Adds the body frames after the names and the header frame. */
export function withBody(writer: Writer, namesEnd: number, body: Uint8Array): MessageBytes {
  const bodyFrames = Math.ceil(body.length / BODY_FRAME_BYTES_MAX);
  // Where there is no such room, a frame would begin a buffer of its own.
  writer.grow(body.length + bodyFrames * FRAME_OVERHEAD_BYTES + FRAME_ROOM_BYTES);
  writeBody(writer, 0, body, limits.frameBytesMax);
  return {
    block: writer.block,
    namesStart: 0,
    namesEnd,
    contentStart: namesEnd,
    contentEnd: writer.length,
    bodyBytes: body.length,
    canonical: true,
  };
}

/** Copies a message into `target` at `at` as a record keeps it: names, frame end, content. */
export function copyMessage(target: Block, at: number, message: MessageBytes): void {
  const { block, namesStart, namesEnd, contentStart, contentEnd } = message;
  copy(target, at, block, namesStart, namesEnd);
  target.bytes[at + namesEnd - namesStart] = FRAME_END;
  copy(target, at + namesEnd - namesStart + 1, block, contentStart, contentEnd);
}
