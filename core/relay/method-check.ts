import { AmqpError } from '../errors.ts';
import type { Block } from '../protocol/bytes.ts';
import type { MethodCodec } from '../protocol/codec.ts';
import type { Reader } from '../protocol/reader.ts';
import { methods } from '../protocol/spec.ts';
import type { MethodArgs } from '../protocol/types.ts';

/** Payload octets of the methods that settle deliveries: ids, delivery tag, one octet of flags. */
const SETTLEMENT_BYTES = 13;
const PUBLISH = methods['basic.publish'].id;
/** Octets of a publish before its exchange: its ids, and what is reserved. */
const PUBLISH_PREFIX_BYTES = 6;

/**
 * Whether a method's arguments are what the protocol says. Those that come once a message are
 * measured; all others are decoded, and answered. Errors: 502.
 */
export function checkedArguments(
  codec: MethodCodec, arguments_: Reader, block: Block, start: number, end: number,
): MethodArgs<MethodCodec['name']> | undefined {
  switch (codec.name) {
    case 'basic.ack':
    case 'basic.nack':
    case 'basic.reject':
      if (end - start === SETTLEMENT_BYTES) return undefined;
      throw new AmqpError('SYNTAX_ERROR', `malformed ${codec.name}`, codec.spec.id);
    default:
      return codec.decode(arguments_.reset(block, start + 4, end));
  }
}

/** Where the two names of a publish lie; the first octet of each is its length. Errors: 502. */
export function checkPublish(block: Block, start: number, end: number): void {
  const { bytes } = block;
  const exchangeAt = start + PUBLISH_PREFIX_BYTES;
  if (exchangeAt + 3 <= end) {
    const keyAt = exchangeAt + 1 + bytes[exchangeAt]!;
    if (keyAt + 2 <= end && bytes[keyAt] === end - keyAt - 2) return;
  }
  throw new AmqpError('SYNTAX_ERROR', 'malformed basic.publish', PUBLISH);
}
