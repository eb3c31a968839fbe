/** What damage costs of messages that came together: those that it hits, or all of a transaction. */
import { expect, test } from 'vitest';
import { Broker, durableIn } from '../../core/index.ts';
import { JournalDamage } from '../../core/storage/index.ts';
import { Bench } from '../storage/disk.ts';
import { counts } from '../support/steps.ts';
import { seededRandom } from '../support/fixture.ts';
import { connect, type TestChannel } from '../support/test-client.ts';
import { durable, persistent } from './lives.ts';

const COUNT = 1000;
const SEGMENT = { segmentBytes: 4_194_304 };

interface Life {
  readonly broker: Broker;
  readonly channel: TestChannel;
}

async function begin(bench: Bench, salvage = false): Promise<Life> {
  const journal = await bench.open({ ...SEGMENT, salvage });
  const { clock } = bench;
  const broker = new Broker({ clock, random: seededRandom(1), durability: durableIn(journal) });
  await broker.recover();
  return { broker, channel: connect(broker, clock).channel() };
}

async function end(bench: Bench, { broker }: Life): Promise<void> {
  const stopping = broker.stop();
  await bench.settle();
  bench.clock.advanceBy(60_000);
  await bench.settle();
  await stopping;
}

/** Flips an octet in the body of each of some messages. */
function flip(bench: Bench, indexes: readonly number[]): void {
  for (const name of bench.disk.names) {
    const bytes = bench.disk.bytes(name).slice();
    const text = new TextDecoder('latin1').decode(bytes);
    for (const index of indexes) {
      const at = text.indexOf(`body ${index}.`);
      if (at > 0) bytes[at]! ^= 1;
    }
    bench.disk.put(name, bytes);
  }
}

test.each([
  ['publishes that came in one turn', false, COUNT - 3],
  ['a transaction', true, 0],
])('three flipped octets in %s cost what they hit', async (_name, transactional, left) => {
  const bench = new Bench();
  const first = await begin(bench);
  first.channel.send('queue.declare', { queue: 'q', ...durable });
  if (transactional) first.channel.send('tx.select');
  await bench.settle();
  first.broker.turn.within(() => {
    for (let index = 0; index < COUNT; index++) first.channel.publish('', 'q', `body ${index}.`, persistent);
    if (transactional) first.channel.send('tx.commit', {});
  });
  await bench.settle();
  expect(counts(first.channel, 'q')[0]).toBe(COUNT);
  await end(bench, first);
  flip(bench, [17, 500, 983]);
  await expect(begin(bench)).rejects.toThrow(JournalDamage);
  const again = await begin(bench, true);
  expect(counts(again.channel, 'q')[0]).toBe(left);
  await end(bench, again);
});
