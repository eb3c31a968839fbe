/** What a broker that keeps its data needs beyond one in memory; loaded only where it is wanted. */
import type { Broker, Durability } from '../core/broker/broker.ts';
import { durableIn } from '../core/broker/durable/index.ts';
import { describeDropped } from '../core/storage/index.ts';
import type { Clock } from '../core/ports.ts';
import type { HostedBroker } from './named-broker.ts';
import type { BrokerSettings } from './line.ts';
import { explainStorage } from './storage-error.ts';
import { openTabJournal } from './storage.ts';

/** Opens the broker with what it kept; rejects with why it cannot keep anything, in words. */
export async function openDurableBroker(
  { name, salvage }: BrokerSettings, clock: Clock, make: (durability: Durability) => Broker,
): Promise<Pick<HostedBroker, 'broker' | 'storage' | 'salvaged' | 'notice'>> {
  try {
    const { journal, kind: storage } = await openTabJournal({ name, salvage, clock });
    const broker = make(durableIn(journal));
    await broker.recover().catch(async (error: unknown) => {
      await journal.close();
      throw error;
    });
    const { dropped: salvaged } = journal.opened;
    if (salvaged.length === 0) return { broker, storage };
    const places = salvaged.map(describeDropped).join(', ');
    return {
      broker, storage, salvaged, notice: `Damaged data were given up for good: ${places}.`,
    };
  } catch (error) {
    throw new Error(explainStorage(name, error), { cause: error });
  }
}
