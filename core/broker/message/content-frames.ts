import { limits } from '../../limits.ts';
import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import { writeBody } from '../../protocol/properties.ts';
import {
  FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, frameTypes, methods,
} from '../../protocol/spec.ts';
import type { Writer } from '../../protocol/writer.ts';
import {
  bufferWriter, copyMessage, frameEnd, readBody, type MessageBytes,
} from './bytes.ts';

/** A message at rest: block[start, end) is names, frame end, header frame, body frames. */
export interface Tail {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
  readonly namesBytes: number;
  readonly bodyBytes: number;
}

/** No frame at rest is larger. */
const LARGEST_FRAME = limits.frameBytesMax;

/** Method octets of basic.deliver after the consumer tag and before the names. */
const TAG_AND_FLAG_BYTES = 9;

/** What every basic.deliver to one consumer begins with; the size is still to be filled in. */
export function deliverPrefix(channel: number, consumerTag: string): Block {
  const writer = bufferWriter();
  writer.beginFrame(frameTypes.method, channel);
  const [classId, methodId] = methods['basic.deliver'].id;
  writer.short(classId);
  writer.short(methodId);
  writer.shortstr(consumerTag);
  return blockOf(writer.block.bytes.slice(0, writer.length));
}

/** Writes basic.deliver and its content: a prefix, the tag, and the tail as it lies there. */
export function writeDeliver(
  writer: Writer, prefix: Block, channel: number, deliveryTag: number, redelivered: boolean,
  tail: Tail, frameBytesMax: number,
): void {
  const prefixBytes = prefix.bytes.length;
  const { start, end, namesBytes } = tail;
  const whole = fits(tail, frameBytesMax);
  const tailEnd = whole ? end : start + namesBytes + 1;
  writer.reserve(prefixBytes + TAG_AND_FLAG_BYTES + tailEnd - start);
  const target = writer.block;
  const { view } = target;
  let at = writer.length;
  copy(target, at, prefix, 0, prefixBytes);
  view.setUint32(at + 3, prefixBytes - FRAME_HEADER_BYTES + TAG_AND_FLAG_BYTES + namesBytes);
  at += prefixBytes;
  view.setUint32(at, Math.floor(deliveryTag / 0x1_0000_0000));
  view.setUint32(at + 4, deliveryTag >>> 0);
  target.bytes[at + 8] = redelivered ? 1 : 0;
  at += TAG_AND_FLAG_BYTES;
  copy(target, at, tail.block, start, tailEnd);
  writer.length = at + tailEnd - start;
  if (whole) setChannel(target, at + namesBytes + 1, writer.length, channel);
  else writeContent(writer, channel, tail, frameBytesMax);
}

/** Writes basic.return and its content. */
export function writeReturn(
  writer: Writer, channel: number, replyCode: number, replyText: string, tail: Tail,
  frameBytesMax: number,
): void {
  const frame = beginMethod(writer, channel, 'basic.return');
  writer.short(replyCode);
  writer.shortstr(replyText);
  writer.raw(tail.block, tail.start, tail.start + tail.namesBytes);
  writer.endFrame(frame);
  writeContent(writer, channel, tail, frameBytesMax);
}

/** Writes basic.get-ok and its content. */
export function writeGetOk(
  writer: Writer, channel: number, deliveryTag: number, redelivered: boolean,
  messageCount: number, tail: Tail, frameBytesMax: number,
): void {
  const frame = beginMethod(writer, channel, 'basic.get-ok');
  writer.longlong(deliveryTag);
  writer.octet(redelivered ? 1 : 0);
  writer.raw(tail.block, tail.start, tail.start + tail.namesBytes);
  writer.long(messageCount);
  writer.endFrame(frame);
  writeContent(writer, channel, tail, frameBytesMax);
}

/** A message that is not in the store in the form in which the store keeps it. */
export function tailOf(message: MessageBytes): Tail {
  const { namesStart, namesEnd, contentStart, contentEnd, bodyBytes } = message;
  const namesBytes = namesEnd - namesStart;
  const end = namesBytes + 1 + contentEnd - contentStart;
  const block = blockOf(new Uint8Array(end));
  copyMessage(block, 0, message);
  return { block, start: 0, end, namesBytes, bodyBytes };
}

function beginMethod(
  writer: Writer, channel: number, name: 'basic.return' | 'basic.get-ok',
): number {
  const frame = writer.beginFrame(frameTypes.method, channel);
  const [classId, methodId] = methods[name].id;
  writer.short(classId);
  writer.short(methodId);
  return frame;
}

/** Whether the body frames at rest are small enough for the receiver. */
function fits({ bodyBytes }: Tail, frameBytesMax: number): boolean {
  return frameBytesMax >= LARGEST_FRAME || bodyBytes + FRAME_OVERHEAD_BYTES <= frameBytesMax;
}

/** Writes header frame and body frames, the body cut to what the receiver takes. */
function writeContent(writer: Writer, channel: number, tail: Tail, frameBytesMax: number): void {
  const { block, end, bodyBytes } = tail;
  const headerStart = tail.start + tail.namesBytes + 1;
  const whole = fits(tail, frameBytesMax);
  const copied = whole ? end : frameEnd(block, headerStart);
  writer.reserve(copied - headerStart);
  const at = writer.length;
  writer.raw(block, headerStart, copied);
  setChannel(writer.block, at, writer.length, channel);
  if (!whole) writeBody(writer, channel, readBody(block, copied, bodyBytes), frameBytesMax);
}

/** Puts the channel number into each of the frames in [start, end). */
function setChannel(block: Block, start: number, end: number, channel: number): void {
  const { view } = block;
  for (let at = start; at < end; at += FRAME_OVERHEAD_BYTES + view.getUint32(at + 3)) {
    view.setUint16(at + 1, channel);
  }
}
