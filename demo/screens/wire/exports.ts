/** Frames as text that can be taken home. */
import type { WireFrame } from './wire-frame.ts';

/** One JSON value a line, octets in hex. */
export function toJsonLines(frames: readonly WireFrame[]): string {
  return frames.map(({ seq, at, connection, channel, direction, kind, summary, hex }) => (
    `${JSON.stringify({ seq, at, connection, channel, direction, kind, summary, hex })}\n`
  )).join('');
}

/** A test that holds any decoder to what this one makes of the frame. */
export function toTest({ kind, hex, dissected, summary }: WireFrame): string {
  const lines = [
    "import { expect, test } from 'vitest';",
    "import { dissectFrames, summarize } from 'tabmq/protocol';",
    '',
    `test(${JSON.stringify(`${kind} on the wire`)}, () => {`,
    `  const hex = '${hex}';`,
    '  const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));',
    '  const [frame] = dissectFrames(bytes);',
    `  expect(frame!.length).toBe(${dissected[0]?.length ?? 0});`,
    `  expect(summarize(frame!)).toContain(${JSON.stringify(summary)});`,
    '});',
  ];
  return `${lines.join('\n')}\n`;
}
