/** Names and contents that every client suite uses. */
import { randomBytes } from 'node:crypto';

/** A name no other test run has, since the broker may be shared. */
export function uniqueName(noun: string): string {
  return `tabmq-test.${noun}.${randomBytes(6).toString('hex')}`;
}

export const unicodeText = 'Grüße, 世界 🐇 — שלום';

/** One mebibyte that is different in every frame, so that a frame lost or swapped is seen. */
export const bigBody = Buffer.from(Uint32Array.from({ length: 262_144 }, (_, index) => index * 2_654_435_761).buffer);

export const everyByte = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index));

/** What a headers exchange, a topic exchange and so on are asked in every suite. */
export const topicCases = [
  { pattern: 'stock.*.nyse', matching: 'stock.ibm.nyse', other: 'stock.nyse' },
  { pattern: 'stock.#', matching: 'stock', other: 'stocks' },
  { pattern: '#.error', matching: 'a.b.error', other: 'a.error.b' },
] as const;

/** The first byte of a heartbeat frame, its type. */
export const heartbeatFrame = 8;
