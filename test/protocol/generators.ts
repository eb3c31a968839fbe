/** What protocol tests share: arbitrary values of each domain, and bytes from a writer. */
import * as fc from '../support/property.ts';
import type { Arbitrary } from '../support/property.ts';
import { AmqpError } from '../../core/errors.ts';
import { BufferPool } from '../../core/protocol/buffer-pool.ts';
import { Reader } from '../../core/protocol/reader.ts';
import { basicProperties, methods, type Domain, type MethodSpec } from '../../core/protocol/spec.ts';
import {
  Decimal, type FieldTable, type FieldValue, type MethodArgs, type MethodName, type Properties,
} from '../../core/protocol/types.ts';
import { Writer } from '../../core/protocol/writer.ts';
import { concat } from '../support/bytes.ts';

export const methodNames = Object.keys(methods) as MethodName[];

export function specOf(name: MethodName): MethodSpec {
  return methods[name];
}

/** The bytes that `write` makes of a writer. */
export function written(write: (writer: Writer) => void): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new Writer(new BufferPool(), (batch) => batches.push(batch));
  write(writer);
  writer.flush();
  return concat(batches);
}

/** Reads all of these bytes, as far as `read` goes. */
export function readAll<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  return read(new Reader(bytes));
}

/** What `run` throws where it throws an AmqpError; any other error is a failure of the test. */
export function amqpErrorOf(run: () => unknown): AmqpError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof AmqpError) return error;
    throw error;
  }
}

/** Text of at most 255 octets, whatever its code points. */
const shortText = fc.string({ unit: 'binary', maxLength: 63 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Values that come back as they were; a double of an integer's value, for one, would not. */
export const fieldScalars = {
  void: fc.constant(null),
  boolean: fc.boolean(),
  integer: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  bigint: int64.filter((value) => !Number.isSafeInteger(Number(value))),
  double: fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
  text: fc.string({ unit: 'binary' }),
  bytes: fc.uint8Array(),
  date: fc.integer({ min: 0, max: 8_640_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
  decimal: fc.tuple(fc.nat(255), fc.nat(0xffff_ffff)).map(([scale, value]) => new Decimal(scale, value)),
} satisfies Record<string, Arbitrary<FieldValue>>;

const { table } = fc.letrec<{ value: FieldValue; table: FieldTable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    ...Object.values(fieldScalars), tie('table'), fc.array(tie('value'), { maxLength: 4 }),
  ),
  table: fc.dictionary(fc.oneof(shortText, fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
}));

export const fieldTables: Arbitrary<FieldTable> = table;

const byDomain: Record<Domain, Arbitrary<unknown>> = {
  bit: fc.boolean(),
  octet: fc.nat(0xff),
  short: fc.nat(0xffff),
  long: fc.nat(0xffff_ffff),
  longlong: fc.maxSafeNat(),
  timestamp: fc.maxSafeNat(),
  shortstr: shortText,
  longstr: fc.string({ unit: 'binary' }),
  bytes: fc.uint8Array(),
  table,
};

/** Arguments of a method by its table. */
export function argsOf<N extends MethodName>(name: N): Arbitrary<MethodArgs<N>> {
  const fields = specOf(name).args
    .filter(([arg]) => !arg.startsWith('reserved'))
    .map(([arg, domain]) => [arg, byDomain[domain]] as const);
  return fc.record(Object.fromEntries(fields)) as Arbitrary<unknown> as Arbitrary<MethodArgs<N>>;
}

/** Any of the properties. */
export const propertySets = fc.record(
  Object.fromEntries(basicProperties.map(([name, domain]) => [name, byDomain[domain]])),
  { requiredKeys: [] },
) as Arbitrary<Properties>;
