/** Frames of a stream that comes in pieces of any size. */
import { expect, test } from 'vitest';
import { FrameDecoder, PROTOCOL_HEADER, type Frame } from '../../core/protocol/index.ts';

const frame = (type: number, channel: number, payload: readonly number[]): number[] =>
  [type, 0, channel, 0, 0, 0, payload.length, ...payload, 206];
const stream = Uint8Array.from([
  ...PROTOCOL_HEADER, ...frame(1, 0, [0, 10, 0, 11]), ...frame(2, 1, [1, 2, 3]), ...frame(3, 1, [9]),
  ...frame(8, 0, []), ...frame(7, 2, [5]),
]);

function decode(chunkBytes: number, bytes: Uint8Array = stream): { decoder: FrameDecoder; frames: Frame[] } {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // What is given is used again: the frames have memory of their own.
    const chunk = bytes.slice(at, at + chunkBytes);
    frames.push(...decoder.feed(chunk));
    chunk.fill(0);
  }
  return { decoder, frames };
}

test.each([1, 2, 3, 7, 8, 9, 13, 1000])('in pieces of %i octets', (chunkBytes) => {
  const { decoder, frames } = decode(chunkBytes);
  expect(frames.map(({ kind, channel, offset, payload }) => [kind, channel, offset, [...payload]])).toEqual([
    ['protocol-header', 0, 0, [...PROTOCOL_HEADER]], ['method', 0, 8, [0, 10, 0, 11]], ['header', 1, 20, [1, 2, 3]],
    ['body', 1, 31, [9]], ['heartbeat', 0, 40, []], ['unknown', 2, 48, [5]],
  ]);
  expect(frames.flatMap(({ bytes }) => [...bytes])).toEqual([...stream]);
  expect([decoder.usedBytes, decoder.waitingBytes, decoder.error]).toEqual([stream.length, 0, undefined]);
});

test('a stream may begin with a frame, as that of a broker does', () => {
  const { frames } = decode(5, stream.subarray(8));
  expect(frames.map(({ kind, offset }) => [kind, offset])[0]).toEqual(['method', 0]);
});

test('what is not whole waits, and is no frame', () => {
  const { decoder, frames } = decode(4, stream.subarray(0, 30));
  expect([frames.length, decoder.usedBytes, decoder.waitingBytes]).toEqual([2, 20, 10]);
  expect(new FrameDecoder().feed(new Uint8Array(0))).toEqual([]);
});

test('where it breaks off, what came before is answered, and then why', () => {
  const decoder = new FrameDecoder();
  const broken = Uint8Array.from([...frame(8, 0, []), ...frame(1, 0, [1]).slice(0, -1), 0]);
  expect(decoder.feed(broken)).toHaveLength(1);
  expect(decoder.error).toMatchObject({ replyCode: 501 });
  expect(decoder.usedBytes).toBe(8);
  expect(() => decoder.feed(stream)).toThrow(/invalid_frame_end_marker/);
  const small = new FrameDecoder({ frameBytesMax: 3 });
  small.feed(Uint8Array.from(frame(3, 1, [1, 2, 3, 4])));
  expect(small.error!.message).toContain('frame_too_large');
});
