import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { blockOf } from '../../core/protocol/bytes.ts';
import { crc32c } from '../../core/storage/crc32c.ts';
import {
  FRAME_BYTES, FrameKind, MARK_BYTES, frameAt, lengthAt, readFirstMark, readSegmentHeader, writeFrame, writeMark,
  writeSegmentHeader,
} from '../../core/storage/record-frame.ts';
import { bytesOf } from './disk.ts';
import { toHex } from '../support/bytes.ts';

/** CRC32C bit by bit, as its definition has it. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

describe('CRC32C', () => {
  // RFC 3720, appendix B.4.
  test.each([
    ['zeros', new Uint8Array(32), 0x8a9136aa],
    ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['rising', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    ['digits', bytesOf('123456789'), 0xe3069283],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(blockOf(bytes), 0, bytes.length) >>> 0).toBe(expected);
  });

  test('is that of the definition, for any bytes in any place, and in parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        const block = blockOf(bytes);
        expect(crc32c(block, start, end)).toBe(slowCrc32c(bytes.subarray(start, end)));
        const half = crc32c(block, 0, start);
        expect(crc32c(block, start, bytes.length, half)).toBe(crc32c(block, 0, bytes.length));
      }),
    );
  });
});

describe('a segment', () => {
  test('has a header of known bytes', () => {
    const block = blockOf(new Uint8Array(32));
    writeSegmentHeader(block, 7, 0x01020304);
    expect(toHex(block.bytes)).toBe(
      '5461624d516c6f67' + '00000001' + '00000007' + '01020304' + '01020304' + '00000000' + '6cd15691',
    );
    expect(readSegmentHeader(block)).toEqual({
      version: 1, number: 7, salt: 0x01020304, saltCopy: 0x01020304, intact: true,
      mark: { end: 0, continued: false, oldest: false },
    });
  });

  test('has frames of known bytes', () => {
    const block = blockOf(new Uint8Array(FRAME_BYTES + 3));
    block.bytes.set(bytesOf('abc'), FRAME_BYTES);
    writeFrame(block, 0, FrameKind.whole, 3, 0x01020304, 52);
    expect(toHex(block.bytes)).toBe('20000003' + '7d4943c2' + '6d02a7cd' + '616263');
  });

  test('begins with a mark that says where the one before ended', () => {
    const block = blockOf(new Uint8Array(32 + MARK_BYTES));
    writeMark(block, 32, { number: 3, offset: 0x89abcdef }, 5, 32);
    expect(readFirstMark(block, 5)).toEqual({ number: 3, offset: 0x89abcdef });
    expect(readFirstMark(block, 6)).toBeUndefined();
  });
});

test('a frame is read where it was written for, and nowhere else', () => {
  const kinds = fc.constantFrom(...Object.values(FrameKind).filter((kind) => kind !== FrameKind.gap));
  const salts = fc.integer();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), salts, fc.nat(2 ** 24), kinds, (record, salt, offset, kind) => {
      const block = blockOf(new Uint8Array(FRAME_BYTES + record.length));
      block.bytes.set(record, FRAME_BYTES);
      writeFrame(block, 0, kind, record.length, salt, offset);
      expect(frameAt(block, 0, salt, offset)).toBe(kind);
      expect(lengthAt(block, 0)).toBe(record.length);
      expect(frameAt(block, 0, (salt + 1) | 0, offset)).toBeUndefined();
      expect(frameAt(block, 0, salt, offset + 1)).toBeUndefined();
      for (let bit = 0; bit < 8 * block.bytes.length; bit++) {
        block.bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(frameAt(block, 0, salt, offset)).toBeUndefined();
        block.bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
    }),
    { numRuns: 30 },
  );
});
