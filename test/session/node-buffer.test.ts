/** What only Node has: its buffers, whose slices share their memory. */
import { expect, test } from 'vitest';
import { bodyFrame, concat, headerFrame } from './harness.ts';
import { read, Reading } from './reading.ts';

test('views of a larger buffer and Node buffers are read as they are', () => {
  const bytes = concat(headerFrame(1, 3), bodyFrame(1, 'abc'));
  const padded = Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]);
  const reading = new Reading();
  const view = padded.subarray(5, 5 + bytes.length);
  for (const chunk of [view.subarray(0, 11), view.subarray(11)]) {
    reading.reader.feed(chunk);
    reading.reader.run();
    reading.reader.release();
    chunk.fill(0);
  }
  expect(reading.result).toEqual(read(bytes));
});
