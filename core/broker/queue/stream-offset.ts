import { isFloat } from '../../protocol/field-tags.ts';
import type { FieldValue } from '../../protocol/types.ts';
import { parsed, type Check } from '../definition/argument-checks.ts';
import { typedTerm } from '../reply-text.ts';
import { parseAge } from './age.ts';

/** Where in a stream a consumer begins. QUE-33. */
export type StreamOffset =
  | 'first' | 'last' | 'next'
  /** The message with this number, or the nearest that is there. */
  | { readonly number: number }
  /** The first message that is not older than this wall-clock time, or this age; milliseconds. */
  | { readonly since: number }
  | { readonly age: number };

/** x-stream-offset. Newer than RabbitMQ 3.10, which ends the connection with 541: 406. */
export const streamOffset: Check<StreamOffset> = parsed(
  parseOffset, (value, tag) => `{invalid_stream_offset_arg,${typedTerm(value, tag)}}`,
);

function parseOffset(value: FieldValue, tag: string): StreamOffset | undefined {
  if (value === 'first' || value === 'last' || value === 'next') return value;
  if (value instanceof Date) return { since: value.getTime() };
  if (typeof value === 'bigint') return { number: Number(value) };
  if (Number.isInteger(value) && !isFloat(tag)) return { number: value as number };
  const age = typeof value === 'string' ? parseAge(value) : undefined;
  return age === undefined ? undefined : { age };
}
