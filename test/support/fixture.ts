/** A broker on a clock of its own, and the proof that a test left nothing behind. */
import { expect, onTestFinished } from 'vitest';
import { Broker, VirtualClock, type BrokerOptions, type Random, type VirtualHost } from '../../core/index.ts';
import { connect, type TestChannel, type TestClientOptions } from './test-client.ts';

export interface Fixture {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly vhost: VirtualHost;
  /** Opens a channel on a connection of its own. */
  readonly open: (options?: TestClientOptions) => TestChannel;
}

/** A broker for one test, at the end of which all is closed and nothing may be left. */
export function fixture(options: BrokerOptions = {}): Fixture {
  const made = looseFixture(options);
  onTestFinished(() => leaveNothing(made));
  return made;
}

/** As `fixture`, for a property that makes one a run and calls `leaveNothing` itself. */
export function looseFixture(options: BrokerOptions = {}): Fixture {
  const clock = new VirtualClock();
  const broker = new Broker({ clock, random: seededRandom(1) }, options);
  const open = (client?: TestClientOptions): TestChannel => connect(broker, clock, client).channel();
  return { broker, clock, vhost: broker.vhost(), open };
}

/** Stops the broker, which ends its connections, queues and exchanges: no timer and no byte stays. */
export async function leaveNothing({ broker, clock }: Pick<Fixture, 'broker' | 'clock'>): Promise<void> {
  const stopped = broker.stop();
  clock.runUntilIdle();
  // Whoever does not say close-ok is waited for.
  if (broker.connectionCount > 0) clock.advanceBy(10_000);
  await stopped;
  clock.runUntilIdle();
  expect(clock.pending, 'timers left behind').toBe(0);
  expect(broker.store.liveBytes, 'bytes left behind').toBe(0);
}

/** Numbers that look random and are the same in every run. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

export const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
