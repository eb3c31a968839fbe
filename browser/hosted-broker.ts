import { Broker, type Durability } from '../core/broker/broker.ts';
import { BufferPool } from '../core/protocol/buffer-pool.ts';
import type { HostedBroker } from './named-broker.ts';
import { browserClock } from './host-clock.ts';
import type { BrokerSettings } from './line.ts';

/** Makes the broker of this name, with what it kept; rejects with why it cannot keep anything. */
export async function openHostedBroker(settings: BrokerSettings): Promise<HostedBroker> {
  const { name, storage } = settings;
  const env = { clock: browserClock(), pool: new BufferPool() };
  const { compatibility, messageBytesMax } = settings;
  const options = {
    node: name,
    platform: 'browser',
    ...(compatibility !== undefined && { compatibility }),
    ...(messageBytesMax !== undefined && { messageBytesMax }),
  };
  const make = (durability?: Durability): Broker =>
    new Broker({ ...env, ...(durability && { durability }) }, options);
  if (storage === 'memory') return { broker: make(), env, storage };
  const { openDurableBroker } = await import('./durable-broker.ts');
  try {
    return { ...await openDurableBroker(settings, env.clock, make), env };
  } catch (error) {
    if (storage === 'durable') throw error;
    return { broker: make(), env, storage: 'memory', notice: (error as Error).message };
  }
}
