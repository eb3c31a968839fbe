/** Readers, writers and the buffers under them. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { limits } from '../../core/limits.ts';
import { BufferPool } from '../../core/protocol/buffer-pool.ts';
import { blockOf, copy } from '../../core/protocol/bytes.ts';
import { Reader } from '../../core/protocol/reader.ts';
import { Writer } from '../../core/protocol/writer.ts';
import { amqpErrorOf, written } from './generators.ts';
import { concat } from '../support/bytes.ts';

describe('copy', () => {
  test('moves any region to any place and nothing beside it', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), fc.nat(600), fc.nat(9), (bytes, a, b, at) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      const target = new Uint8Array(at + end - start + 8).fill(0xaa);
      const expected = target.slice();
      expected.set(bytes.subarray(start, end), at);
      copy(blockOf(target), at, blockOf(bytes), start, end);
      expect(target).toEqual(expected);
    }));
  });

  test('knows views that do not begin where their memory does', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256).subarray(7);
    const target = new Uint8Array(310).subarray(3);
    copy(blockOf(target), 1, blockOf(bytes), 2, 102);
    expect(target.subarray(1, 101)).toEqual(bytes.subarray(2, 102));
  });
});

describe('a buffer pool', () => {
  test('lends what was given back', () => {
    const pool = new BufferPool();
    const block = pool.take(10);
    expect(block.bytes.length).toBe(limits.outputBatchBytes);
    pool.give(block.bytes.subarray(0, 3));
    expect(pool.take(10).bytes.buffer).toBe(block.bytes.buffer);
    expect(pool.take(10).bytes.buffer).not.toBe(block.bytes.buffer);
  });

  test('keeps no buffers of other sizes and not more than its limit', () => {
    const pool = new BufferPool();
    const large = pool.take(limits.outputBatchBytes + 1);
    expect(large.bytes.length).toBe(limits.outputBatchBytes + 1);
    pool.give(large.bytes);
    expect(pool.take(1).bytes.buffer).not.toBe(large.bytes.buffer);
    const given = Array.from({ length: limits.pooledBuffersMax + 1 }, () => new Uint8Array(limits.outputBatchBytes));
    for (const bytes of given) pool.give(bytes);
    const buffers = new Set<unknown>(given.map(({ buffer }) => buffer));
    const taken = given.map(() => pool.take(1).bytes.buffer);
    expect(taken.filter((buffer) => buffers.has(buffer)).length).toBe(limits.pooledBuffersMax);
  });
});

describe('a writer', () => {
  function batchesOf(write: (writer: Writer) => void): Uint8Array[] {
    const batches: Uint8Array[] = [];
    const writer = new Writer(new BufferPool(), (batch) => batches.push(batch));
    write(writer);
    writer.flush();
    return batches;
  }

  test('hands over whole frames, several in a batch', () => {
    const batches = batchesOf((writer) => {
      for (let i = 0; i < 10_000; i++) {
        const frame = writer.beginFrame(3, 1);
        writer.longstr('0123456789');
        writer.endFrame(frame);
      }
    });
    expect(batches.length).toBe(4);
    for (const batch of batches) {
      expect(batch.buffer.byteLength).toBe(limits.outputBatchBytes);
      expect(batch.length % 22).toBe(0);
      for (let at = 0; at < batch.length; at += 22) {
        expect([batch[at], batch[at + 6], batch[at + 21]]).toEqual([3, 14, 0xce]);
      }
    }
  });

  test('keeps a frame in one piece that outgrows its buffer', () => {
    const big = Uint8Array.from({ length: 200_000 }, (_, i) => i % 253);
    const batches = batchesOf((writer) => {
      const small = writer.beginFrame(8, 0);
      writer.endFrame(small);
      const frame = writer.beginFrame(3, 1);
      writer.octet(7);
      writer.bytes(big);
      writer.endFrame(frame);
    });
    const bytes = concat(batches);
    expect(bytes.length).toBe(8 + (8 + 1 + 4 + big.length));
    expect(new DataView(bytes.buffer).getUint32(8 + 3)).toBe(1 + 4 + big.length);
    expect(bytes.slice(20, -1)).toEqual(big);
  });

  test('holds no buffer and sends nothing while there is nothing to send', () => {
    expect(batchesOf(() => {})).toEqual([]);
    const pool = new BufferPool();
    const writer = new Writer(pool, () => {});
    writer.octet(1);
    writer.flush();
    expect(writer.block.bytes.length).toBe(0);
  });
});

describe('numbers', () => {
  test('of 64 bits come back as they went', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => {
      const bytes = written((writer) => writer.longlong(value));
      expect(new DataView(bytes.buffer).getBigUint64(0)).toBe(BigInt(value));
      expect(new Reader(bytes).longlong()).toBe(value);
    }));
  });
});

describe('a reader', () => {
  test('reads nothing behind its end', () => {
    const bytes = new Uint8Array(16);
    const reads: ((reader: Reader) => unknown)[] = [
      (reader) => reader.octet(), (reader) => reader.short(), (reader) => reader.long(),
      (reader) => reader.longlong(), (reader) => reader.shortstr(), (reader) => reader.longstr(),
      (reader) => reader.bytes(), (reader) => reader.text(1), (reader) => reader.skip(1),
    ];
    for (const read of reads) {
      expect(amqpErrorOf(() => read(new Reader(bytes, 8, 8)))?.replyCode).toBe(502);
      expect(amqpErrorOf(() => read(new Reader(bytes, 8)))).toBeUndefined();
    }
  });

  test('is pointed at another region', () => {
    const reader = new Reader(Uint8Array.of(1, 2));
    reader.reset(blockOf(Uint8Array.of(9, 8, 7)), 1, 2);
    expect([reader.remaining, reader.octet(), reader.remaining]).toEqual([1, 8, 0]);
  });
});
