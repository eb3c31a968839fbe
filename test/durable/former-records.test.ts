/** What versions before wrote of messages that came back is read, and means what it meant. */
import { expect, test } from 'vitest';
import { decodeRecord, encodeCheckpoint, encodeDefinition } from '../../core/broker/durable/records.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { declareQueue, get, nack } from '../support/steps.ts';
import { Lives, durable, persistent } from './lives.ts';

/** The record of a version before that says what this one says. */
function former(record: Uint8Array): Uint8Array {
  const { kind, args } = decodeRecord(record) as { kind: string; args?: unknown };
  if (kind !== 'message.changed') return record.slice();
  const { destination, message, outCount } = args as { destination: number; message: number; outCount: number };
  return encodeDefinition('message.returned', { destination, message, outCount });
}

test('a message that came back counts that, and keeps its deadline', async () => {
  const lives = await Lives.begin();
  const first = lives.open();
  declareQueue(first, 'q', { 'x-queue-type': 'quorum' }, durable);
  first.publish('', 'q', 'kept', { ...persistent, expiration: '5000' });
  for (let times = 0; times < 2; times++) nack(first, get(first, 'q', false)!.args.deliveryTag);
  const journal = new MemoryJournal();
  const kinds = new Set<number>();
  for await (const { record } of lives.journal.reopen().replay()) {
    const written = former(record);
    kinds.add(written[0]!);
    journal.append(written);
  }
  lives.journal = journal;
  await lives.next('a crash', 4000);
  expect([...kinds]).toEqual(expect.arrayContaining([7, 9]));
  const next = lives.open();
  const { args, properties, text } = get(next, 'q', false)!;
  expect([text, args.redelivered, properties!.headers!['x-delivery-count']]).toEqual(['kept', true, 2]);
  nack(next, args.deliveryTag);
  lives.clock.advanceBy(1001);
  expect(get(next, 'q', false)).toBeUndefined();
});

test('a checkpoint tells what came back', () => {
  const record = encodeCheckpoint({
    earlier: [], fromSegment: 1, beforeSegment: 2, lastNumber: 3, definitions: [], settled: [], changed: [],
    crashed: 0, chunks: [], messages: [],
  });
  const returned = { destination: 3, message: 77, outCount: 2 };
  const before = record.subarray(0, record.length - 16);
  const behind = record.subarray(record.length - 12);
  const entry = encodeDefinition('message.returned', returned).subarray(1);
  const old = Uint8Array.from([15, ...before.subarray(1), 0, 0, 0, 1, ...entry, ...behind]);
  expect(decodeRecord(old)).toMatchObject({ kind: 'checkpoint', lastNumber: 3, returned: [returned], changed: [] });
});
