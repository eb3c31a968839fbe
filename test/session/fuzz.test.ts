/**
 * The wire of a whole broker, fuzzed: whatever one client sends, the broker answers in sound frames, none of its own
 * code fails, another client notices nothing, and afterwards nothing is left.
 */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { Arbitrary } from '../support/property.ts';
import { Broker } from '../../core/broker/broker.ts';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { limits } from '../../core/limits.ts';
import { PROTOCOL_HEADER } from '../../core/protocol/spec.ts';
import { plainResponse } from '../../core/session/sasl.ts';
import { Inbound, type Arrival } from '../differential/inbound.ts';
import { environmentVariable, heldBufferBytes } from '../support/host.ts';
import { connect, type TestChannel, type TestClient } from '../support/test-client.ts';
import { chunks, damagedSession, declarations, disorder, work } from './chaos.ts';
import { concat, frame, headerFrame, methodFrame } from './harness.ts';
import { RawPeer } from './raw-peer.ts';

/** Runs of each property; TABMQ_FUZZ_RUNS asks for more, which is how bugs are searched for. */
const numRuns = Number(environmentVariable('TABMQ_FUZZ_RUNS') ?? 100);

/** A small generator of numbers in [0, 1), for the broker. [mulberry32] */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const login = concat(
  PROTOCOL_HEADER,
  methodFrame(0, 'connection.start-ok', {
    clientProperties: { capabilities: { consumer_cancel_notify: true, authentication_failure_close: true } },
    mechanism: 'PLAIN', response: plainResponse('guest', 'guest'), locale: 'en_US',
  }),
  methodFrame(0, 'connection.tune-ok', { channelMax: 2047, frameMax: 4096 }),
  methodFrame(0, 'connection.open', { virtualHost: '/' }),
  ...[1, 2, 3].map((channel) => methodFrame(channel, 'channel.open')),
);

/** A client that sends what it is told, and goes on as clients do when channels and connections are closed on it. */
class Attacker {
  readonly #world: World;
  readonly #loggedIn: boolean;
  #peer!: RawPeer;
  #inbound!: Inbound;

  constructor(world: World, loggedIn: boolean) {
    this.#world = world;
    this.#loggedIn = loggedIn;
    this.#connect();
  }

  say(bytes: Uint8Array): void {
    // The memory of a chunk is the transport's, and used again at once.
    const chunk = bytes.slice();
    this.#peer.say(chunk);
    chunk.fill(0xaa);
    this.hear();
  }

  /** Has all that came judged, and answers what must be answered. */
  hear(): void {
    this.#world.clock.runUntilIdle();
    for (const batch of this.#peer.take()) this.#inbound.receive(batch);
    if (this.#peer.ended === undefined) return;
    expect(this.#peer.ended).toBe('completed');
    this.#connect();
  }

  drop(): void {
    this.#peer.drop();
  }

  #connect(): void {
    this.#inbound = new Inbound({
      arrived: (arrival) => this.#arrived(arrival),
      // Tags of confirms and consumers cannot be judged here, because what was sent may be garbage.
      remark: (text) => expect(text).not.toMatch(/VIOLATION delivery tag/),
    });
    this.#inbound.frameBytesMax = this.#loggedIn ? 4096 : limits.frameBytesMax;
    this.#peer = new RawPeer(this.#world.broker.serve);
    this.#world.watch();
    if (this.#loggedIn) this.say(login);
  }

  #arrived({ channel, name, fields }: Arrival): void {
    if (name.endsWith('.close')) expect(fields['reply-code'], String(fields['reply-text'])).not.toBe(541);
    this.#world.heard.set(name, (this.#world.heard.get(name) ?? 0) + 1);
    if (name === 'channel.open-ok') this.#inbound.forget(channel);
    if (!this.#loggedIn) return;
    const closeOk = `${name}-ok`;
    if (closeOk === 'connection.close-ok') this.#peer.say(methodFrame(0, closeOk));
    if (closeOk === 'channel.close-ok') {
      this.#peer.say(methodFrame(channel, closeOk), methodFrame(channel, 'channel.open'));
    }
  }
}

/** A broker, somebody who works with it all the time, and whoever attacks it. */
class World {
  readonly clock = new VirtualClock();
  readonly broker = new Broker({ clock: this.clock, random: seeded(1) });
  /** How often the attackers heard each method. */
  readonly heard = new Map<string, number>();
  readonly #faults: unknown[] = [];
  readonly #client: TestClient;
  readonly #bystander: TestChannel;
  #round = 0;

  constructor() {
    this.broker.events$.subscribe((event) => {
      if (event.type === 'connection.failed') this.#faults.push(event.error);
    });
    this.#client = connect(this.broker, this.clock);
    this.#bystander = this.#client.channel();
    this.#bystander.call('queue.declare', { queue: 'bystander' });
    this.#bystander.call('confirm.select');
    this.#bystander.call('basic.consume', { queue: 'bystander', noAck: true });
    this.#bystander.take();
  }

  /** Notes what is thrown out of `receive` of the newest connection; RxJS would tell of it only later. */
  watch(): void {
    const { session } = [...this.broker.connections].at(-1)!;
    const receive = session.receive.bind(session);
    session.receive = (chunk) => {
      try {
        receive(chunk);
      } catch (error) {
        this.#faults.push(error);
      }
    };
  }

  /** Sees that nothing failed, and that the bystander gets what it publishes, at once and confirmed. */
  expectSound(): void {
    expect(this.#faults).toEqual([]);
    const text = `round ${++this.#round}`;
    this.#bystander.publish('', 'bystander', text);
    const received = this.#bystander.take();
    expect(received.map(({ name }) => name).sort()).toEqual(['basic.ack', 'basic.deliver']);
    expect(received.find(({ name }) => name === 'basic.deliver')!.text).toBe(text);
  }

  /** Deletes all that is left, leaves, and sees that then nothing is left indeed. */
  expectEmptyAfterwards(): void {
    const vhost = this.broker.vhost();
    const own = [...vhost.queues.keys()];
    for (const queue of own) this.#bystander.call('queue.delete', { queue });
    const exchanges = [...vhost.exchanges.keys()].filter((name) => name !== '' && !name.startsWith('amq.'));
    for (const exchange of exchanges) this.#bystander.call('exchange.delete', { exchange });
    this.#client.close();
    this.clock.runUntilIdle();
    const { broker, clock } = this;
    expect({
      faults: this.#faults, connections: broker.connectionCount, queues: [...vhost.queues.keys()],
      liveBytes: broker.store.liveBytes, timers: clock.pending, replyTargets: vhost.replyTargets.size,
    }).toEqual({ faults: [], connections: 0, queues: [], liveBytes: 0, timers: 0, replyTargets: 0 });
  }
}

/** Lets attackers say each chunk in turn, with time passing in between. */
function attack(loggedIn: boolean, steps: readonly (readonly [attacker: number, chunk: Uint8Array])[]): World {
  const world = new World();
  const attackers = [0, 1].map(() => new Attacker(world, loggedIn));
  for (const [index, [attacker, chunk]] of steps.entries()) {
    attackers[attacker]!.say(chunk);
    for (const each of attackers) each.hear();
    if (index % 4 === 0) world.clock.advanceBy(20);
    if (index % 16 === 0) world.expectSound();
  }
  for (const each of attackers) each.hear();
  world.expectSound();
  for (const each of attackers) each.drop();
  world.expectSound();
  world.expectEmptyAfterwards();
  return world;
}

/** Methods that the broker must have said to somebody in all runs together, or the fuzz is too tame. */
function expectReached(heard: ReadonlyMap<string, number>, ...names: readonly string[]): void {
  expect(names.filter((name) => !heard.has(name)), JSON.stringify([...heard])).toEqual([]);
}

/** Steps of either attacker, after the first one's declarations. */
function stepsOf(pieces: Arbitrary<Uint8Array>): Arbitrary<(readonly [attacker: number, chunk: Uint8Array])[]> {
  const steps = fc.array(fc.tuple(fc.nat(1), pieces), { minLength: 20, maxLength: 40 });
  return fc.tuple(declarations, steps).map(([first, rest]) => (
    [...first.map((chunk) => [0, chunk] as const), ...rest]
  ));
}

function gather(total: Map<string, number>, { heard }: World): void {
  for (const [name, count] of heard) total.set(name, (total.get(name) ?? 0) + count);
}

test('work of two clients on the same few names', () => {
  const total = new Map<string, number>();
  fc.assert(fc.property(stepsOf(work), (steps) => gather(total, attack(true, steps))), { numRuns });
  expectReached(
    total, 'basic.deliver', 'basic.get-ok', 'basic.return', 'basic.cancel', 'basic.ack', 'channel.close',
    'connection.close', 'queue.delete-ok', 'tx.commit-ok', 'exchange.bind-ok',
  );
});

test('frames out of order among the work', () => {
  const total = new Map<string, number>();
  const any = fc.oneof({ arbitrary: work, weight: 6 }, { arbitrary: disorder, weight: 1 });
  fc.assert(fc.property(stepsOf(any), (steps) => gather(total, attack(true, steps))), { numRuns });
  expectReached(total, 'basic.deliver', 'channel.close', 'connection.close');
});

test('damaged sessions, cut anywhere', () => {
  const total = new Map<string, number>();
  const sessions = fc.tuple(chunks(damagedSession), chunks(damagedSession)).map((both) => (
    both.flatMap((all, attacker) => all.map((chunk) => [attacker, chunk] as const))
  ));
  fc.assert(fc.property(sessions, (steps) => gather(total, attack(false, steps))), { numRuns });
  expectReached(total, 'basic.get-ok', 'basic.return', 'tx.rollback-ok', 'connection.close', 'connection.close-ok');
});

test('noise, from the first octet or after the login', () => {
  const noise = fc.uint8Array({ minLength: 1, maxLength: 200 });
  const beginnings = fc.constantFrom(Uint8Array.of(), PROTOCOL_HEADER, login);
  const stream = chunks(fc.tuple(beginnings, noise).map((parts) => concat(...parts)));
  fc.assert(fc.property(stream, (all) => {
    attack(false, all.map((chunk) => [0, chunk]));
  }), { numRuns });
});

test('what was announced and never came takes no memory, and one client alone pays for it', () => {
  const world = new World();
  const peer = new RawPeer(world.broker.serve);
  world.watch();
  peer.say(login);
  const channels = Array.from({ length: limits.channelsMax - 3 }, (_, index) => index + 4);
  for (const channel of channels) peer.say(methodFrame(channel, 'channel.open'));
  const begun = channels.map((channel) => concat(
    methodFrame(channel, 'basic.publish', { routingKey: 'bystander' }), headerFrame(channel, limits.messageBytesMax),
  ));
  const half = frame(3, 4, new Uint8Array(4000)).subarray(0, 20);
  const before = heldBufferBytes();
  for (const each of begun) peer.inbound.next(each);
  peer.inbound.next(half);
  expect(heldBufferBytes() - before).toBeLessThan(4_000_000);
  world.expectSound();
  peer.drop();
  world.expectEmptyAfterwards();
});
