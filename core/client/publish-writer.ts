import { blockOf, type Block } from '../protocol/bytes.ts';
import { CONTENT_HEADER_BYTES } from '../protocol/content.ts';
import { BASIC_CLASS_ID, writeBody } from '../protocol/properties.ts';
import { bufferWriter } from '../protocol/scratch.ts';
import { FRAME_OVERHEAD_BYTES, frameTypes } from '../protocol/spec.ts';
import { writeMethod } from '../protocol/codec.ts';
import type { Writer } from '../protocol/writer.ts';
import { completeArguments, encodeProperties } from './arguments.ts';
import { ArgumentError } from './errors.ts';
import { checkMessage } from './names.ts';
import { bodyOf, type Outgoing, type Route } from './outgoing.ts';

const FLAGS_BYTES = 2;

/** Writes messages on one channel. The method frame of the last route is kept: most repeat it. */
export class PublishWriter {
  readonly #writer: Writer;
  readonly #channel: number;
  readonly #frameBytesMax: number;
  #exchange = '';
  #routingKey = '';
  #flags = 0;
  #method: Block | undefined;

  constructor(writer: Writer, channel: number, frameBytesMax: number) {
    this.#writer = writer;
    this.#channel = channel;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Writes method, header and body; throws ArgumentError before any of it, where one is bad. */
  write(message: Outgoing, route: Route): void {
    checkMessage(message);
    const method = this.#methodFrame(message, route);
    const body = bodyOf(message);
    if (!(body instanceof Uint8Array)) throw new ArgumentError('a body is text or a Uint8Array');
    const { properties } = message;
    const encoded = properties === undefined
      ? undefined : encodeProperties(properties, this.#frameBytesMax);
    const writer = this.#writer;
    writer.reserve(method.bytes.length);
    writer.raw(method, 0, method.bytes.length);
    const propertyBytes = encoded?.length ?? FLAGS_BYTES;
    writer.reserve(CONTENT_HEADER_BYTES + propertyBytes + FRAME_OVERHEAD_BYTES);
    const frame = writer.beginFrame(frameTypes.header, this.#channel);
    writer.short(BASIC_CLASS_ID);
    writer.short(0);
    writer.longlong(body.length);
    if (encoded === undefined) writer.short(0);
    else writer.raw(encoded.block, 0, encoded.length);
    writer.endFrame(frame);
    writeBody(writer, this.#channel, body, this.#frameBytesMax);
  }

  #methodFrame(message: Outgoing, route: Route): Block {
    const { mandatory = route.mandatory, immediate } = message;
    const { exchange = route.exchange ?? '', routingKey = route.routingKey ?? '' } = message;
    const flags = (mandatory === true ? 1 : 0) | (immediate === true ? 2 : 0);
    const known = exchange === this.#exchange && routingKey === this.#routingKey &&
      flags === this.#flags;
    if (known && this.#method !== undefined) return this.#method;
    const args = completeArguments('basic.publish', {
      exchange, routingKey, mandatory: mandatory === true, immediate: immediate === true,
    }, this.#frameBytesMax);
    const writer = bufferWriter();
    writeMethod(writer, this.#channel, 'basic.publish', args);
    this.#exchange = exchange;
    this.#routingKey = routingKey;
    this.#flags = flags;
    this.#method = blockOf(writer.block.bytes.slice(0, writer.length));
    return this.#method;
  }
}
