/** The disk gives its space back, whatever happens while it does. */
import { expect, test } from 'vitest';
import { Broker, durableIn } from '../../core/index.ts';
import { Bench } from '../storage/disk.ts';

const KEPT_BYTES = 8192;

test('what is settled while segments are dropped does not stay when nothing happens any more', async () => {
  const bench = new Bench();
  const journal = await bench.open({ segmentBytes: 4096 });
  const broker = new Broker({
    clock: bench.clock, random: () => 0.5,
    durability: durableIn(journal, { journalBytesKept: KEPT_BYTES, compactionSettledBytes: 1000 }),
  });
  await broker.recover();
  broker.turn.within(() => broker.vhost().declareQueue({ queue: 'long', durable: true }));
  for (let count = 0; count < 800; count++) {
    broker.vhost().exchange('').publish({
      routingKey: 'long', body: 'x'.repeat(200), properties: { deliveryMode: 2 },
    });
  }
  await bench.settle();
  const messages: { ack(): void }[] = [];
  broker.vhost().queue('long').consume().subscribe((message) => messages.push(message));
  await bench.settle();
  let release = (): void => {};
  bench.disk.faults.syncHold = new Promise((resolve) => (release = resolve));
  // The first of them begin to drop segments, which waits for the disk; the others come meanwhile.
  for (const message of messages) message.ack();
  await bench.settle();
  const bytes = (): number => journal.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  expect(bytes()).toBeGreaterThan(100_000);
  bench.disk.faults.syncHold = undefined;
  release();
  await bench.settle();
  expect(messages).toHaveLength(800);
  expect(bytes()).toBeLessThanOrEqual(KEPT_BYTES);
  const stopping = broker.stop();
  await bench.settle();
  await stopping;
});
