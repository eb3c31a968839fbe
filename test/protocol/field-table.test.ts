/** Field tables in RabbitMQ's dialect: each tag, the bounds, and access without decoding. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { limits } from '../../core/limits.ts';
import { blockOf } from '../../core/protocol/bytes.ts';
import {
  readTable, readTableContent, readValue, writeTable, writeValue,
} from '../../core/protocol/field-table.ts';
import { eachField, findField, skipValue } from '../../core/protocol/raw-table.ts';
import { Reader } from '../../core/protocol/reader.ts';
import { Decimal, type FieldTable, type FieldValue } from '../../core/protocol/types.ts';
import { amqpErrorOf, fieldScalars, fieldTables, readAll, written } from './generators.ts';
import { concat, fromHex, textOf, toHex } from '../support/bytes.ts';

/** Octets of a table's size. */
const SIZE_BYTES = 4;

function encode(table: FieldTable): Uint8Array {
  return written((writer) => writeTable(writer, table));
}

function valueBytes(value: FieldValue): Uint8Array {
  return written((writer) => writeValue(writer, value));
}

/** Where a table may end: after its size and after each entry. */
function entryEnds(bytes: Uint8Array): Set<number> {
  const ends = new Set([SIZE_BYTES]);
  eachField(blockOf(bytes), SIZE_BYTES, bytes.length, (...[, , , , valueEnd]) => { ends.add(valueEnd); });
  return ends;
}

/** Every tag with an octet string for it, and the value that it means. CON-36. */
const tags: readonly (readonly [tag: string, hex: string, value: FieldValue])[] = [
  ['t', '74 01', true],
  ['t', '74 00', false],
  ['b', '62 ff', -1],
  ['B', '42 ff', 255],
  ['s', '73 fffe', -2],
  ['u', '75 fffe', 65_534],
  ['I', '49 fffffffd', -3],
  ['i', '69 fffffffd', 4_294_967_293],
  ['l', '6c ffffffffffffffff', -1],
  ['L', '4c ffffffffffffffff', -1],
  ['l', '6c 001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['l', '6c 0020000000000001', 2n ** 53n + 1n],
  ['L', '4c 8000000000000000', -(2n ** 63n)],
  ['f', '66 3fc00000', 1.5],
  ['d', '64 3ff8000000000000', 1.5],
  ['D', '44 02 0000007d', new Decimal(2, 125)],
  ['T', '54 0000000065e071c0', new Date('2024-02-29T12:00:00Z')],
  ['T', '54 ffffffffffffffff', 2n ** 64n - 1n],
  ['S', '53 00000003 e282ac', '€'],
  ['S', '53 00000002 c328', Uint8Array.of(0xc3, 0x28)],
  ['x', '78 00000002 4142', Uint8Array.of(0x41, 0x42)],
  ['V', '56', null],
  ['A', '41 00000003 7401 56', [true, null]],
  ['F', '46 00000003 0161 56', { a: null }],
];

describe('decoding', () => {
  test.each(tags)('%s: %s', (_tag, hex, value) => {
    const bytes = fromHex(hex);
    const reader = new Reader(bytes);
    expect(readValue(reader)).toEqual(value);
    expect(reader.remaining).toBe(0);
    expect(skipValue(blockOf(bytes), bytes[0]!, 1, bytes.length)).toBe(bytes.length);
  });

  test('each tag that RabbitMQ knows is among these, and no other is accepted', () => {
    const known = new Set(tags.map(([tag]) => tag));
    for (let tag = 0; tag < 256; tag++) {
      const bytes = Uint8Array.of(tag, 0, 0, 0, 0, 0, 0, 0, 0);
      const expected = known.has(String.fromCharCode(tag)) ? undefined : 502;
      expect(amqpErrorOf(() => readAll(bytes, readValue))?.replyCode).toBe(expected);
      expect(amqpErrorOf(() => skipValue(blockOf(bytes), tag, 1, 9))?.replyCode).toBe(expected);
    }
  });

  test('keys that are special to JavaScript are keys like any other', () => {
    const table = readAll(fromHex('00000023 095f5f70726f746f5f5f 46 00000003 0161 56'
      + '0b636f6e7374727563746f72 53 00000000'), readTable);
    expect(Object.keys(table)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(table)).toBeNull();
    expect(table['toString']).toBeUndefined();
    expect(encode(table).length).toBe(39);
  });

  test('the first of equal keys counts', () => {
    expect(readAll(fromHex('0000000e 0161 4900000001 0161 4900000002'), readTable)).toEqual({ a: 1 });
  });

  test('bytes are copied', () => {
    const source = fromHex('7800000001ff');
    const value = readAll(source, readValue);
    source.fill(0);
    expect(value).toEqual(Uint8Array.of(0xff));
  });

  test('a table without its size takes the rest of the reader', () => {
    const table = { LOGIN: 'guest', PASSWORD: 'guest' };
    expect(readAll(encode(table).subarray(SIZE_BYTES), readTableContent)).toEqual(table);
  });
});

describe('a value that came with a tag of its own', () => {
  test.each(tags)('%s: %s goes out as it came, in a table and in an array', (_tag, hex) => {
    const value = hex.replaceAll(' ', '');
    const array = `41${(value.length / 2).toString(16).padStart(8, '0')}${value}`;
    const fields = `0161${value}0162${array}`;
    const bytes = `${(fields.length / 2).toString(16).padStart(8, '0')}${fields}`;
    expect(toHex(encode(readAll(fromHex(bytes), readTable)))).toBe(bytes);
  });

  test('what was put in its place has the usual one', () => {
    const table = readAll(fromHex('00000008 0161 6205 0162 6206'), readTable);
    table['a'] = 300;
    expect(encode(table)).toEqual(fromHex('0000000b 0161 490000012c 0162 6206'));
  });
});

describe('encoding', () => {
  test.each([
    [0, '4900000000'], [-1, '49ffffffff'], [2 ** 31 - 1, '497fffffff'], [-(2 ** 31), '4980000000'],
    [2 ** 31, '6c0000000080000000'], [-(2 ** 31) - 1, '6cffffffff7fffffff'],
    [2 ** 60, '6c1000000000000000'], [-(2 ** 63), '6c8000000000000000'],
    [2 ** 63, '6443e0000000000000'], [0.5, '643fe0000000000000'], [Infinity, '647ff0000000000000'],
    [1n, '6c0000000000000001'], [-(2n ** 63n), '6c8000000000000000'],
  ] as const)('%s', (value, hex) => {
    expect(toHex(valueBytes(value))).toBe(hex);
  });

  test('what no octets stand for is a mistake of the caller', () => {
    expect(() => valueBytes(2n ** 63n)).toThrow('64 bits');
    expect(() => valueBytes(new Date(-1000))).toThrow('1970');
    expect(() => valueBytes(new Date(Number.NaN))).toThrow('1970');
    expect(() => valueBytes({ ['é'.repeat(128)]: 1 })).toThrow(TypeError);
    expect(valueBytes({ ['x'.repeat(255)]: 1 })).toHaveLength(1 + 4 + 256 + 5);
  });

  test.each(Object.entries(fieldScalars))('%s comes back as it went', (_kind, arbitrary) => {
    fc.assert(fc.property(arbitrary as fc.Arbitrary<FieldValue>, (value) => {
      expect(readAll(valueBytes(value), readValue)).toEqual(value);
    }));
  });

  test('tables come back as they went', () => {
    fc.assert(fc.property(fieldTables, (table) => {
      expect(readAll(encode(table), readTable)).toEqual(table);
    }));
  });

  test('tables larger than an output buffer are whole', () => {
    const table = { text: 'x'.repeat(limits.outputBatchBytes), more: 'y'.repeat(300_000) };
    expect(readAll(encode(table), readTable)).toEqual(table);
  });
});

describe('bounds', () => {
  /** A table with tables or arrays inside, `depth` levels in all. */
  function nested(depth: number, wrap: (inner: FieldValue) => FieldValue): FieldTable {
    let value: FieldValue = wrap(null);
    for (let level = 2; level < depth; level++) value = wrap(value);
    return { a: value };
  }

  test.each([
    ['tables', (inner: FieldValue) => ({ a: inner })],
    ['arrays', (inner: FieldValue) => [inner]],
  ])('nested %s', (_kind, wrap) => {
    const deepest = nested(limits.fieldDepthMax, wrap);
    expect(readAll(encode(deepest), readTable)).toEqual(deepest);
    const failure = amqpErrorOf(() => readAll(encode(nested(limits.fieldDepthMax + 1, wrap)), readTable));
    expect(failure).toMatchObject({ replyCode: 502, message: 'field table is nested too deep' });
  });

  test('values of all levels together', () => {
    const half = limits.fieldCountMax / 2;
    const nulls = Array.from({ length: half - 1 }, () => null);
    const most = { a: nulls, b: nulls };
    expect(readAll(encode(most), readTable)).toEqual(most);
    const failure = amqpErrorOf(() => readAll(encode({ ...most, c: null }), readTable));
    expect(failure).toMatchObject({ replyCode: 502, message: 'too many fields in a table' });
  });

  test('a table cut short anywhere is refused', () => {
    const bytes = encode({ t: true, D: new Decimal(1, 2), S: 'text', A: [1, [2n ** 60n]], F: { x: Uint8Array.of(1) } });
    for (let end = 0; end < bytes.length; end++) {
      expect(amqpErrorOf(() => readTable(new Reader(bytes, 0, end)))?.replyCode).toBe(502);
    }
  });

  test('a size that is wrong is refused wherever it ends', () => {
    const bytes = encode({ a: 1, b: [true], c: { d: 'x' } });
    const ends = entryEnds(bytes);
    for (let size = 0; size < bytes.length + 9; size++) {
      const wrong = Uint8Array.from(bytes);
      new DataView(wrong.buffer).setUint32(0, size);
      const failure = amqpErrorOf(() => readAll(wrong, readTable));
      expect(failure?.replyCode).toBe(ends.has(SIZE_BYTES + size) ? undefined : 502);
    }
  });

  test('what is inside a table may not reach out of it', () => {
    // An inner table of 3 octets whose only value would take 5 more than it has.
    const bytes = fromHex('0000000f 0161 46 00000003 0162 49 00000001 56');
    expect(amqpErrorOf(() => readAll(bytes, readTable))?.replyCode).toBe(502);
  });
});

describe('access without decoding', () => {
  const table = { CC: ['a'], 'x-delay': 5, größe: 'L', 'x-delay-more': 6, empty: null };
  const bytes = encode(table);
  const block = blockOf(bytes);

  test.each(Object.entries(table))('finds %s', (key, value) => {
    const found = findField(block, SIZE_BYTES, bytes.length, key)!;
    expect(bytes[found.start - 1]).toBe(found.tag);
    expect(readValue(new Reader(bytes, found.start - 1, found.end))).toEqual(value);
  });

  const others = ['x', 'x-dela', 'x-delay-', 'cc', '', 'große', 'größ', 'gr\u00c3\u00b6\u00c3'];
  test.each(others)('does not find %j', (key) => {
    expect(findField(block, SIZE_BYTES, bytes.length, key)).toBeUndefined();
  });

  test('finds what decoding finds', () => {
    fc.assert(fc.property(fieldTables, (any) => {
      const encoded = encode(any);
      for (const [key, value] of Object.entries(any)) {
        const { start, end } = findField(blockOf(encoded), SIZE_BYTES, encoded.length, key)!;
        expect(readValue(new Reader(encoded, start - 1, end))).toEqual(value);
      }
    }), { numRuns: 50 });
  });

  test('refuses a table that is cut short within an entry', () => {
    const ends = entryEnds(bytes);
    for (let end = SIZE_BYTES; end <= bytes.length; end++) {
      const failure = amqpErrorOf(() => findField(block, SIZE_BYTES, end, 'no such key'));
      expect(failure?.replyCode).toBe(ends.has(end) ? undefined : 502);
    }
  });

  test('visits entries, whose octets put together are the table', () => {
    fc.assert(fc.property(fieldTables, (any) => {
      const encoded = encode(any);
      const pieces: Uint8Array[] = [];
      const keys: string[] = [];
      eachField(blockOf(encoded), SIZE_BYTES, encoded.length, (keyStart, keyEnd, tag, valueStart, valueEnd) => {
        pieces.push(encoded.subarray(keyStart - 1, valueEnd));
        keys.push(textOf(encoded.subarray(keyStart, keyEnd)));
        expect(encoded[valueStart - 1]).toBe(tag);
      });
      expect(keys).toEqual(Object.keys(any));
      expect(concat(pieces)).toEqual(encoded.slice(SIZE_BYTES));
    }), { numRuns: 50 });
  });

  test('stops visiting when the visitor has seen enough', () => {
    let visits = 0;
    eachField(block, SIZE_BYTES, bytes.length, () => ++visits === 2);
    expect(visits).toBe(2);
  });
});
