/** Frames are the same however the bytes of a stream are cut, and nothing is kept that was only lent. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { limits } from '../../core/limits.ts';
import { FrameReader } from '../../core/protocol/frame-reader.ts';
import { integer } from '../differential/values.ts';
import { readFixture, sessions } from '../protocol/fixture.ts';
import { heldBufferBytes } from '../support/host.ts';
import { concat, frame, heartbeat, hex, methodFrame } from './harness.ts';
import { read, Reading } from './reading.ts';

/** The bytes, cut at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index]!, end));
}

describe.each(sessions)('%s', (name) => {
  const recorded = readFixture(name).map(({ bytes }) => bytes).filter((bytes) => bytes[0] !== 0x41);
  const bytes = concat(...recorded);
  const whole = {
    frames: recorded.map((each) => (
      `${each[0]} ${each[1]! * 256 + each[2]!} ${hex(each.subarray(7, -1))}`
    )),
    error: undefined,
  };

  test('whole', () => {
    expect(recorded.length).toBeGreaterThan(40);
    expect(read(bytes)).toEqual(whole);
  });

  test('byte by byte', () => {
    expect(read(...Array.from(bytes, (octet) => Uint8Array.of(octet)))).toEqual(whole);
  });

  test('cut at every point', () => {
    for (let at = 1; at < bytes.length; at++) {
      const { frames } = new Reading().feed(bytes.subarray(0, at)).feed(bytes.subarray(at));
      if (frames.join() !== whole.frames.join()) expect(frames, `cut at ${at}`).toEqual(whole.frames);
    }
  });

  test('cut anywhere, however often', () => {
    fc.assert(fc.property(fc.array(fc.nat(bytes.length)), (places) => {
      expect(read(...cut(bytes, places))).toEqual(whole);
    }));
  });
});

test('violations are the same however the bytes are cut', () => {
  const good = methodFrame(1, 'channel.open');
  const violations = [
    ['a frame end that is none', frame(1, 1, 'abc', 0x13), /^FRAME_ERROR .*<<"abc">>: \{invalid_frame_end_marker,19\}/],
    ['a large frame', frame(3, 1, new Uint8Array(limits.frameBytesMax + 1)), /: \{frame_too_large,131073,131064\}$/],
  ] as const;
  for (const [title, bad, text] of violations) {
    const bytes = concat(good, bad, good);
    const whole = new Reading().feed(bytes);
    expect(whole.error, title).toMatch(text);
    expect(whole.frames).toHaveLength(1);
    expect(whole.reader.broken).toBe(true);
    const places = Array.from({ length: 40 }, (_, index) => index + 1);
    for (const at of [...places, bytes.length - 13, bytes.length - 12]) {
      expect(read(bytes.subarray(0, at), bytes.subarray(at)), `${title}, cut at ${at}`).toEqual(whole.result);
    }
  }
});

test('a frame may be as large as frame_max, and no larger by more than its overhead', () => {
  for (const [size, accepted] of [[4088, true], [4096, true], [4097, false], [0xffff_ffff, false]] as const) {
    const header = concat(integer(1, 3), integer(2, 0), integer(4, size));
    const reading = new Reading(4096).feed(header);
    expect(reading.error === undefined, `${size} octets`).toBe(accepted);
  }
  expect(new Reading(0).feed(frame(3, 1, new Uint8Array(1_000_000))).frames).toHaveLength(1);
});

test('a reader goes on with the next frame after its handler threw', () => {
  const seen: number[] = [];
  const reader = new FrameReader(4096, (_, channel) => {
    seen.push(channel);
    if (channel === 2) throw new Error('refused');
  });
  const bytes = concat(heartbeat, frame(1, 2, 'abc'), frame(1, 3, 'abc'));
  for (const at of [0, 12, 15, 20]) {
    seen.length = 0;
    for (const chunk of [bytes.subarray(0, at), bytes.subarray(at)]) {
      reader.feed(chunk);
      try {
        reader.run();
      } catch {
        reader.run();
      }
      reader.release();
    }
    expect(seen, `cut at ${at}`).toEqual([0, 2, 3]);
  }
});

test('frames that were announced and never came cost what came', () => {
  const announced = frame(3, 1, new Uint8Array(limits.frameBytesMax - 8)).subarray(0, 100);
  const before = heldBufferBytes();
  const readers = Array.from({ length: 1000 }, () => new Reading().feed(announced));
  const held = heldBufferBytes() - before;
  expect(readers.every(({ frames }) => frames.length === 0)).toBe(true);
  // All of them whole would be 131 MB.
  expect(held).toBeLessThan(4_000_000);
});
