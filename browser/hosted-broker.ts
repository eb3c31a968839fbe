import { Broker } from '../core/broker/broker.ts';
import { BufferPool } from '../core/protocol/buffer-pool.ts';
import type { HostedBroker } from './broker-host.ts';
import { browserClock } from './host-clock.ts';
import type { BrokerSettings } from './line.ts';

/** Makes the broker of this name. */
export async function openHostedBroker({ name }: BrokerSettings): Promise<HostedBroker> {
  const env = { clock: browserClock(), pool: new BufferPool() };
  return { broker: new Broker(env, { node: name, platform: 'browser' }), env };
}
