import { expect, test } from 'vitest';
import * as fc from '../../support/property.ts';
import { dissectFrames } from '../../../core/protocol/index.ts';
import { fieldAt, fieldRows } from '../../../demo/screens/wire/field-rows.ts';
import { formatHex, hexRows, parseHex } from '../../../demo/screens/wire/hex.ts';
import { methodFrame } from '../../session/harness.ts';

const delivery = methodFrame(3, 'basic.deliver', {
  consumerTag: 'tag', deliveryTag: 7, redelivered: true, exchange: 'x', routingKey: 'a.b',
});

test('each octet belongs to one innermost field, and each field to its octets', () => {
  const rows = fieldRows(dissectFrames(delivery));
  const names = Array.from(delivery, (_, octet) => fieldAt(rows, octet)?.name);
  expect(names.filter((name, i) => name !== names[i - 1])).toEqual([
    'frameType', 'channel', 'size', 'classId', 'methodId', 'consumerTag', 'deliveryTag', 'bits', 'exchange',
    'routingKey', 'frameEnd',
  ]);
  for (const { offset, length } of rows) expect(delivery.subarray(offset, offset + length)).toHaveLength(length);
});

test('a bit is shown with its mask and what is set', () => {
  const rows = fieldRows(dissectFrames(delivery));
  expect(rows.find(({ name }) => name === 'redelivered')).toMatchObject({ mask: 1, value: 'true' });
  expect(rows.find(({ name }) => name === 'bits')).toMatchObject({ mask: undefined, value: 'redelivered' });
});

test('octets become text and come back', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (octets) => {
    expect(parseHex(formatHex(octets))).toEqual(octets);
    expect(hexRows(octets).flatMap((row) => row.octets)).toEqual([...octets]);
  }));
});

test.each([
  ['0g', '"g" is no hexadecimal digit.'],
  ['  ', 'There are no octets to send.'],
  ['01 2', 'The last octet has one digit only.'],
])('"%s" is refused in words', (text, reason) => {
  expect(parseHex(text)).toBe(reason);
});
