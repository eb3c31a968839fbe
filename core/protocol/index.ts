/**
 * `tabmq/protocol`: AMQP 0-9-1 with RabbitMQ's extensions as a codec and nothing else. No broker,
 * no I/O, no dependencies: bytes in, values out, and back.
 */

// What the protocol is made of.
export { AmqpError } from '../errors.ts';
export {
  basicProperties, FRAME_END, FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, frameTypes, methods,
  PROTOCOL_HEADER, replyCodes,
  type Domain, type MethodSpec, type ReplyCodeName, type ReplyScope, type Sender,
} from './spec.ts';
export { SHORTSTR_BYTES_MAX } from './short-string.ts';

// What the types make of it.
export {
  Decimal,
  type DomainTypes, type FieldScalar, type FieldTable, type FieldValue, type From, type Handlers,
  type MethodArgs, type MethodName, type Peer, type Properties, type PropertyName, type ReplyTo,
  type Role,
} from './types.ts';

// Bytes in and out.
export { BufferPool } from './buffer-pool.ts';
export { blockOf, concat, type Block } from './bytes.ts';
export { FrameDecoder, type Frame, type FrameDecoderOptions } from './frame-decoder.ts';
export { Reader } from './reader.ts';
export { Writer } from './writer.ts';

// Methods, content headers and bodies.
export { methodById, methodCodec, writeMethod, type MethodCodec } from './codec.ts';
export {
  readProperties, writeBody, writeContentHeader, writeProperties,
} from './properties.ts';
export { locateProperty, propertyFlags } from './raw-properties.ts';

// Field tables, decoded or in place.
export {
  readTable, readTableContent, readValue, writeTable, writeValue,
} from './field-table.ts';
export {
  eachField, findField, skipValue, type FieldVisitor, type LocatedField,
} from './raw-table.ts';

// Bytes explained.
export { dissectFrames, summarize, type Dissected, type DissectedValue } from './dissect.ts';
