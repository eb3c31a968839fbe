/** Bodies in CBOR and MessagePack, and those that only say that they are. */
import { encode as encodeMessagePack, ExtData } from '@msgpack/msgpack';
import { encode as encodeCbor } from 'cborg';
import { describe, expect, test } from 'vitest';
import { bodyView } from '../../demo/panels/message/body.ts';
import { isHonestMessagePack } from '../../demo/panels/message/message-pack-sizes.ts';
import { leafText, packedLimits, packings, unpack, type Unpacked } from '../../demo/panels/message/packed.ts';

const order = { id: 7, lines: [{ sku: 'a', price: 1.5 }, null], paid: true, note: 'ça va' };
const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const told = { why: expect.stringMatching(/./) as string };

/** As the inspector shows it. */
async function shown(body: Uint8Array, contentType = ''): Promise<Unpacked> {
  const view = bodyView(body, contentType);
  if (view.kind !== 'binary') throw new Error(`shown as ${view.kind}`);
  return unpack(body, view.packings, view.format !== '');
}

test.each([
  ['CBOR', 'application/cbor', encodeCbor, order], ['CBOR', '', encodeCbor, order],
  ['CBOR', '', encodeCbor, [order]], ['MessagePack', 'application/msgpack', encodeMessagePack, order],
  ['MessagePack', '', encodeMessagePack, order], ['MessagePack', '', encodeMessagePack, [order]],
] as const)('%s with the type “%s” is a tree', async (packing, type, encode, value) => {
  const found = await shown(encode(value), type);
  expect(JSON.parse(JSON.stringify(found))).toEqual({ packing, value });
});

test('what one format alone has is shown in words', async () => {
  // {1: h'00ff', "1": 0("2013"), 2: 2^64 - 1, "__proto__": 1} behind the tag that says “CBOR”.
  const cbor = 'd9d9f7 a4 01 4200ff 6131 c06432303133 02 1bffffffffffffffff 695f5f70726f746f5f5f 01';
  const found = await shown(octets(cbor));
  expect(found).toMatchObject({ packing: 'CBOR' });
  const { value } = found as { value: Record<string, unknown> };
  expect(Object.keys(value)).toEqual(['1', '2', '1′', '__proto__']);
  expect(leafText(value['1'])).toBe("h'00ff'");
  expect(value['1′']).toEqual({ 'tag 0': '2013' });
  expect(leafText(value['2'])).toBe('18446744073709551615');
  const dated = await shown(encodeMessagePack({ at: new Date(0), more: new ExtData(5, octets('0102')) }));
  expect(leafText((dated as { value: { at: Date } }).value.at)).toBe('1970-01-01T00:00:00.000Z');
  expect(leafText((dated as { value: { more: { data: unknown } } }).value.more.data)).toBe("h'0102'");
});

describe.each([['CBOR', encodeCbor], ['MessagePack', encodeMessagePack]] as const)('%s', (packing, encode) => {
  const type = `application/${packing === 'CBOR' ? 'cbor' : 'msgpack'}`;

  test('that is cut anywhere is told of', async () => {
    const whole = encode(order);
    for (let length = 1; length < whole.length; length += 3) {
      expect(await shown(whole.slice(0, length), type), `of ${length} octets`).toEqual(told);
    }
  });

  test('with more behind it is told of', async () => {
    expect(await shown(Uint8Array.of(...encode(order), 0), type)).toEqual(told);
  });

  test('that is nested too deep, has too many values or is too long is told of', async () => {
    let deep: unknown = 1;
    for (let depth = 0; depth <= packedLimits.depth; depth++) deep = [deep];
    expect(await shown(encode(deep), type)).toEqual({ why: 'nested more than 64 deep' });
    const many = Array.from({ length: 10_000 }, () => 0);
    expect(await shown(encode(many), type)).toEqual({ why: 'more than 10000 values' });
    expect(await shown(encode(new Uint8Array(packedLimits.bytes)), type)).toEqual({
      why: 'more than 256 KiB are not unpacked',
    });
  });
});

test('a hostile body of lists within lists takes no room', async () => {
  const lists = Uint8Array.from({ length: 200_000 }, (_, i) => [0xdd, 0, 4, 0, 0][i % 5]!);
  expect(await shown(lists, 'application/msgpack')).toEqual({ why: 'it is cut, or has lengths that are wrong' });
  expect(await shown(new Uint8Array(200_000).fill(0x81), 'application/cbor')).toEqual(told);
});

test('a bare number or text is no guess, and what no format is stays octets', async () => {
  expect(await shown(octets('c0'))).toEqual({ why: '' });
  expect(await unpack(octets('07'), packings, false)).toEqual({ why: '' });
  expect(await unpack(octets('9f'), packings, false)).not.toHaveProperty('value');
});

test.each([
  [7], [-7], [300], [70_000], [2n ** 40n], [-300], [-70_000], [1.5], ['a'], ['a'.repeat(40)], ['a'.repeat(300)],
  ['a'.repeat(70_000)], [new Uint8Array(9)], [new Uint8Array(300)], [new Uint8Array(70_000)], [null], [true],
  [new Date(5)], [new Date(1e13)], [new ExtData(1, new Uint8Array(2))], [new ExtData(1, new Uint8Array(300))],
  [new ExtData(1, new Uint8Array(70_000))], [Array.from({ length: 20 }, () => 'b')],
  [Array.from({ length: 70_000 }, () => [])],
  [Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i, { i }]))],
])('the sizes of MessagePack are read as its writer has them: %.20j', (value) => {
  const whole = encodeMessagePack(value, { useBigInt64: true });
  expect(isHonestMessagePack(whole)).toBe(true);
  // The length is the whole of it: one octet less is too few.
  expect(isHonestMessagePack(whole.subarray(0, -1))).toBe(false);
});
