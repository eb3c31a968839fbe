/** Our table against amqplib's, which was generated from the specification independently. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { methodById, methodCodec, writeMethod } from '../../core/protocol/codec.ts';
import { readTable, writeTable } from '../../core/protocol/field-table.ts';
import { readProperties, writeContentHeader } from '../../core/protocol/properties.ts';
import { Reader } from '../../core/protocol/reader.ts';
import { basicProperties, type Domain } from '../../core/protocol/spec.ts';
import { Decimal, type FieldTable, type FieldValue, type MethodName } from '../../core/protocol/types.ts';
import { argsOf, fieldTables, methodNames, propertySets, specOf, written } from './generators.ts';

interface AmqplibMethod {
  readonly id: number;
  readonly name: string;
  readonly args: readonly { readonly type: string; readonly name: string }[];
}

interface AmqplibTable {
  info(id: number): AmqplibMethod;
  encodeMethod(id: number, channel: number, fields: object): Buffer;
  encodeProperties(id: number, channel: number, size: number, fields: object): Buffer;
  decode(id: number, bytes: Buffer): Record<string, unknown>;
  readonly [name: string]: unknown;
}

interface AmqplibFields {
  encodeTable(target: Buffer, table: object, offset: number): number;
  decodeFields(bytes: Buffer): object;
}

const load = createRequire(import.meta.url);
// The package exports its front door only, but files beside it can be loaded by their place.
const place = dirname(load.resolve('amqplib'));
const amqplib = load(join(place, 'lib', 'defs.js')) as AmqplibTable;
const fields = load(join(place, 'lib', 'codec.js')) as AmqplibFields;

/** Octets of a frame before the arguments of a method, and before property flags. */
const ARGS_AT = 11;
const FLAGS_AT = 19;

function idOf(name: MethodName): number {
  const [classId, methodId] = specOf(name).id;
  return classId * 0x1_0000 + methodId;
}

/** A field value in amqplib's notation, its numbers with the type that we give them. */
function fieldToAmqplib(value: FieldValue): unknown {
  if (typeof value === 'bigint') return { '!': 'long', value };
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date) return { '!': 'timestamp', value: value.getTime() / 1000 };
  if (value instanceof Decimal) {
    return { '!': 'decimal', value: { places: value.scale, digits: value.value } };
  }
  if (Array.isArray(value)) return value.map(fieldToAmqplib);
  if (typeof value === 'object' && value !== null) return tableToAmqplib(value);
  if (typeof value === 'number' && !Number.isInteger(value)) return { '!': 'double', value };
  return value;
}

function tableToAmqplib(table: FieldTable): object {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, fieldToAmqplib(value)]));
}

/** A decoded value of amqplib's in ours; its 64-bit integers lose digits, ours do not. */
function withoutPrecision(value: FieldValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date || value instanceof Decimal) return fieldToAmqplib(value);
  if (Array.isArray(value)) return value.map(withoutPrecision);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, withoutPrecision(held)]));
  }
  return value;
}

function toAmqplib(domain: Domain, value: unknown): unknown {
  if (domain === 'table') return tableToAmqplib(value as FieldTable);
  if (domain === 'longstr' || domain === 'bytes') return Buffer.from(value as string);
  return value;
}

/** Our arguments as amqplib's, which has other names for some: the place in the list decides. */
function argsToAmqplib(name: MethodName, args: object): object {
  const theirs = amqplib.info(idOf(name)).args;
  return Object.fromEntries(specOf(name).args.flatMap(([arg, domain], i) => {
    if (arg.startsWith('reserved')) return [];
    return [[theirs[i]!.name, toAmqplib(domain, (args as Record<string, unknown>)[arg])]];
  }));
}

/** Whether a table in there has a key that amqplib's decoder, which has no safe place for it, trips over. */
function hasUnsafeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.entries(value).some(([key, held]) => key === '__proto__' || hasUnsafeKey(held));
}

const amqplibTypes: Record<Domain, string> = {
  bit: 'bit', octet: 'octet', short: 'short', long: 'long', longlong: 'longlong',
  shortstr: 'shortstr', longstr: 'longstr', bytes: 'longstr', timestamp: 'timestamp', table: 'table',
};

test('amqplib knows the same methods [TOP-2]', () => {
  const theirs = Object.values(amqplib)
    .filter((id): id is number => typeof id === 'number' && id > 0xffff)
    .map((id) => methodById(Math.floor(id / 0x1_0000), id % 0x1_0000)?.name ?? `unknown ${id}`);
  expect(theirs.sort()).toEqual([...methodNames].sort());
});

describe.each(methodNames)('%s', (name) => {
  test('has the arguments that amqplib has', () => {
    const theirs = amqplib.info(idOf(name)).args;
    expect(specOf(name).args.map(([, domain]) => amqplibTypes[domain])).toEqual(theirs.map(({ type }) => type));
    specOf(name).args.forEach(([arg], i) => {
      if (arg.startsWith('reserved')) return;
      expect(theirs[i]!.name.toLowerCase().replace('-', '')).toBe(arg.toLowerCase());
    });
  });

  test('is understood when amqplib sends it', () => {
    fc.assert(fc.property(argsOf(name), (args) => {
      const frame = Uint8Array.from(amqplib.encodeMethod(idOf(name), 1, argsToAmqplib(name, args)));
      const reader = new Reader(frame, ARGS_AT, frame.length - 1);
      expect(methodCodec(name).decode(reader)).toEqual(args);
    }), { numRuns: 30 });
  });

  test('is sent as amqplib sends it, save the widths of integers', () => {
    fc.assert(fc.property(argsOf(name), (args) => {
      fc.pre(!hasUnsafeKey(args));
      const ours = written((writer) => writeMethod(writer, 1, name, args));
      const theirs = amqplib.encodeMethod(idOf(name), 1, argsToAmqplib(name, args));
      const read = (frame: Uint8Array) => (
        amqplib.decode(idOf(name), Buffer.from(frame.subarray(ARGS_AT, -1)))
      );
      expect(read(ours)).toEqual(read(theirs));
      if (specOf(name).args.every(([, domain]) => domain !== 'table')) {
        expect(Buffer.from(ours)).toEqual(theirs);
      }
    }), { numRuns: 30 });
  });
});

function propertiesToAmqplib(properties: object): object {
  const domains = new Map<string, Domain>(basicProperties);
  return Object.fromEntries(Object.entries(properties).map(
    ([name, value]) => [name, toAmqplib(domains.get(name)!, value)],
  ));
}

test('properties are understood when amqplib sends them', () => {
  fc.assert(fc.property(propertySets, (properties) => {
    const frame = Uint8Array.from(amqplib.encodeProperties(60, 1, 5, propertiesToAmqplib(properties)));
    expect(readProperties(new Reader(frame, FLAGS_AT, frame.length - 1))).toEqual(properties);
  }));
});

test('properties are sent as amqplib sends them', () => {
  fc.assert(fc.property(propertySets, (properties) => {
    const { headers: _headers, ...others } = properties;
    const frame = written((writer) => writeContentHeader(writer, 9, 77, others));
    expect(Buffer.from(frame)).toEqual(amqplib.encodeProperties(60, 9, 77, propertiesToAmqplib(others)));
  }));
});

test('field tables of ours are what amqplib reads', () => {
  fc.assert(fc.property(fieldTables, (table) => {
    fc.pre(!hasUnsafeKey(table));
    const bytes = written((writer) => writeTable(writer, table));
    expect(fields.decodeFields(Buffer.from(bytes.subarray(4)))).toEqual(withoutPrecision(table));
  }));
});

test('field tables of amqplib are what we read', () => {
  const target = Buffer.alloc(1_048_576);
  fc.assert(fc.property(fieldTables, (table) => {
    const size = fields.encodeTable(target, tableToAmqplib(table), 0);
    expect(readTable(new Reader(target, 0, size))).toEqual(table);
  }));
});
