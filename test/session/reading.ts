/** A frame reader under test, and what it made of its chunks. */
import { limits } from '../../core/limits.ts';
import { FrameReader } from '../../core/protocol/frame-reader.ts';
import { amqpErrorOf } from '../protocol/generators.ts';
import { hex } from './harness.ts';

/** Frames as `type channel payload`, and the violation that ended it. */
export class Reading {
  readonly frames: string[] = [];
  readonly reader: FrameReader;
  error: string | undefined;

  constructor(frameBytesMax: number = limits.frameBytesMax) {
    this.reader = new FrameReader(frameBytesMax, (type, channel, block, start, end) => {
      this.frames.push(`${type} ${channel} ${hex(block.bytes.subarray(start, end))}`);
    });
  }

  /** Feeds a chunk that is overwritten as soon as it was read. */
  feed(bytes: Uint8Array): this {
    if (this.error !== undefined) return this;
    const chunk = bytes.slice();
    this.reader.feed(chunk);
    this.error = amqpErrorOf(() => this.reader.run())?.replyText;
    this.reader.release();
    chunk.fill(0xaa);
    return this;
  }

  get result(): unknown {
    return { frames: this.frames, error: this.error };
  }
}

export function read(...chunks: readonly Uint8Array[]): unknown {
  const reading = new Reading();
  for (const chunk of chunks) reading.feed(chunk);
  return reading.result;
}
