/** Content headers and bodies. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { blockOf } from '../../core/protocol/bytes.ts';
import { readTableContent } from '../../core/protocol/field-table.ts';
import { readProperties, writeBody, writeContentHeader, writeProperties } from '../../core/protocol/properties.ts';
import { locateProperty, propertyFlags } from '../../core/protocol/raw-properties.ts';
import { Reader } from '../../core/protocol/reader.ts';
import { basicProperties, frameTypes } from '../../core/protocol/spec.ts';
import type { Properties } from '../../core/protocol/types.ts';
import { readFixture, sessions } from './fixture.ts';
import { amqpErrorOf, propertySets, readAll, written } from './generators.ts';
import { concat, fromHex, toHex } from '../support/bytes.ts';

/** Octets of a content header frame before the flags. */
const FLAGS_AT = 19;

function encode(properties: Properties): Uint8Array {
  return written((writer) => writeProperties(writer, properties));
}

const names = basicProperties.map(([name]) => name);
const all: Properties = {
  contentType: 'text/plain', contentEncoding: 'gzip', headers: { a: 1 }, deliveryMode: 2, priority: 9,
  correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm', timestamp: 1_700_000_000,
  type: 't', userId: 'guest', appId: 'app', clusterId: 'cluster',
};

describe('properties', () => {
  test('the flag of the first is the highest bit, that of the last the third lowest', () => {
    expect(propertyFlags.contentType).toBe(0x8000);
    expect(propertyFlags.headers).toBe(0x2000);
    expect(propertyFlags.deliveryMode).toBe(0x1000);
    expect(propertyFlags.clusterId).toBe(0x0004);
    expect(toHex(encode({}))).toBe('0000');
    expect(toHex(encode(all)).slice(0, 4)).toBe('fffc');
  });

  test('come back as they went', () => {
    fc.assert(fc.property(propertySets, (properties) => {
      expect(readAll(encode(properties), readProperties)).toEqual(properties);
    }));
  });

  test('are refused wherever they are cut short, and where something follows them', () => {
    const bytes = encode(all);
    for (let end = 0; end < bytes.length; end++) {
      expect(amqpErrorOf(() => readProperties(new Reader(bytes, 0, end)))?.replyCode).toBe(502);
    }
    expect(amqpErrorOf(() => readAll(Uint8Array.of(0, 0, 0), readProperties))?.replyCode).toBe(502);
  });

  test.each([
    ['an empty word of flags may follow', '1001' + '0000' + '02', { deliveryMode: 2 }],
    ['many may', '1001' + '0001' + '0001' + '0000' + '02', { deliveryMode: 2 }],
    ['a property that is not known is refused', '1002' + '02', undefined],
    ['a property in a later word is refused', '1001' + '8000' + '02', undefined],
    ['the word that was promised must come', '0001', undefined],
  ])('%s', (_title, text, expected) => {
    const bytes = fromHex(text);
    const failure = amqpErrorOf(() => expect(readAll(bytes, readProperties)).toEqual(expected));
    expect(failure?.replyCode).toBe(expected === undefined ? 502 : undefined);
  });

  test.each(sessions.flatMap(readFixture).filter(({ bytes }) => bytes[0] === frameTypes.header))(
    '$meaning', ({ bytes, meaning }) => {
      const properties = readProperties(new Reader(bytes, FLAGS_AT, bytes.length - 1));
      expect(readAll(encode(properties), readProperties)).toEqual(properties);
      for (const name of names) expect(meaning.includes(` ${name}=`)).toBe(properties[name] !== undefined);
    },
  );
});

describe('a property in place', () => {
  /** The value in these octets, which have no size before them. */
  function valueAt(bytes: Uint8Array, name: keyof Properties, start: number, end: number): unknown {
    const domain = basicProperties.find(([each]) => each === name)![1];
    const reader = new Reader(bytes, start, end);
    if (domain === 'table') return readTableContent(reader);
    if (domain === 'shortstr') return reader.text(reader.remaining);
    return domain === 'octet' ? reader.octet() : reader.longlong();
  }

  test('is what decoding finds', () => {
    fc.assert(fc.property(propertySets, fc.nat(9), (properties, flagsAt) => {
      const bytes = Uint8Array.of(...new Uint8Array(flagsAt), ...encode(properties), 0xce);
      for (const name of names) {
        const place = locateProperty(blockOf(bytes), flagsAt, bytes.length - 1, name);
        const value = place && valueAt(bytes, name, place.start, place.end);
        expect(value).toEqual(properties[name]);
      }
    }));
  });

  test('lies behind all words of flags', () => {
    const bytes = fromHex('1001' + '0000' + '02');
    expect(locateProperty(blockOf(bytes), 0, 5, 'deliveryMode')).toEqual({ start: 4, end: 5 });
  });

  test('is refused where it is cut short', () => {
    const bytes = encode(all);
    for (let end = 0; end < bytes.length; end++) {
      const failure = amqpErrorOf(() => locateProperty(blockOf(bytes), 0, end, 'clusterId'));
      expect(failure?.replyCode).toBe(502);
    }
  });
});

describe('content frames', () => {
  test('the header has class, weight and a body size of 64 bits', () => {
    const frame = written((writer) => writeContentHeader(writer, 258, 2 ** 40 + 1, { deliveryMode: 2 }));
    expect(toHex(frame)).toBe('02' + '0102' + '0000000f' + '003c' + '0000' + '0000010000000001' + '1000' + '02' + 'ce');
  });

  test.each([
    [0, 4096, []],
    [1, 4096, [1]],
    [4088, 4096, [4088]],
    [4089, 4096, [4088, 1]],
    [10_000, 4096, [4088, 4088, 1824]],
    [200_000, 131_072, [131_064, 68_936]],
    [200_000, 0, [200_000]],
  ])('a body of %d octets in frames of at most %d', (bodyBytes, frameBytesMax, pieces) => {
    const body = Uint8Array.from({ length: bodyBytes }, (_, i) => i % 251);
    const bytes = written((writer) => writeBody(writer, 3, body, frameBytesMax));
    const payloads: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = new DataView(bytes.buffer).getUint32(at + 3);
      expect([bytes[at], bytes[at + 2], bytes[at + 7 + size]]).toEqual([frameTypes.body, 3, 0xce]);
      payloads.push(bytes.subarray(at + 7, at + 7 + size));
      at += size + 8;
    }
    expect(payloads.map(({ length }) => length)).toEqual(pieces);
    expect(concat(payloads)).toEqual(body);
  });

  test('a frame without room for a body is a mistake of the caller', () => {
    const write = () => written((writer) => writeBody(writer, 1, Uint8Array.of(1), 8));
    expect(write).toThrow('a frame has room');
  });
});
