import { Broker } from '../core/broker/broker.ts';
import { BufferPool } from '../core/protocol/buffer-pool.ts';
import type { HostedBroker } from './broker-host.ts';
import { browserClock } from './host-clock.ts';
import type { BrokerSettings } from './line.ts';
import type { OpenTabJournal } from './storage.ts';

/** Makes the broker of this name, with what it kept; rejects with why it cannot keep anything. */
export async function openHostedBroker(settings: BrokerSettings): Promise<HostedBroker> {
  const { name, storage } = settings;
  if (storage === 'memory') return inMemory(settings);
  // Loaded when it is wanted: a broker in memory takes a tenth less.
  const { explainStorage, openTabJournal } = await import('./storage.ts');
  try {
    return await onDisk(settings, openTabJournal);
  } catch (error) {
    const text = explainStorage(name, error);
    if (storage === 'durable') throw new Error(text, { cause: error });
    return { ...inMemory(settings), notice: text };
  }
}

function inMemory({ name }: BrokerSettings): HostedBroker {
  const env = { clock: browserClock(), pool: new BufferPool() };
  return { broker: new Broker(env, optionsOf(name)), env, storage: 'memory' };
}

async function onDisk(
  { name, salvage }: BrokerSettings, openTabJournal: OpenTabJournal,
): Promise<HostedBroker> {
  const env = { clock: browserClock(), pool: new BufferPool() };
  const { journal, kind } = await openTabJournal({ name, salvage, clock: env.clock });
  const broker = new Broker({ ...env, journal }, optionsOf(name));
  try {
    await broker.recover();
  } catch (error) {
    await journal.close();
    throw error;
  }
  return { broker, env, storage: kind };
}

function optionsOf(name: string): { readonly node: string; readonly platform: string } {
  return { node: name, platform: 'browser' };
}
