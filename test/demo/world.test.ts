/** Time in the playground's world, with a wall clock that tests move as well. */
import { filter, firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import type { TapEvent } from '../../core/management/index.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { BrokerHome } from '../../demo/broker/home.ts';
import { LockstepJournal } from '../../demo/broker/lockstep-journal.ts';
import { World } from '../../demo/broker/world.ts';
import { Recent } from '../../demo/port/recent.ts';

const HOUR_MS = 3_600_000;

interface Fixture {
  readonly world: World;
  readonly host: VirtualClock;
  readonly types: () => string[];
  /** Lets the wall go on; resolves when the world has done what it was to do by then. */
  wall(milliseconds: number): Promise<void>;
}

function fixture(paused = true): Fixture {
  const host = new VirtualClock();
  const world = new World(host, { seed: 1, paused });
  onTestFinished(() => world.end());
  const events: TapEvent[] = [];
  world.events$.subscribe((event) => events.push(event));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    world, host, types: () => events.map(({ type }) => type),
    async wall(milliseconds) {
      await settle();
      host.advanceBy(milliseconds);
      await settle();
    },
  };
}

/** Puts messages into a queue whose messages die after an hour, into another one. */
function fillHourQueue({ world }: Fixture, bodies: readonly string[]): void {
  const vhost = world.broker.vhost();
  vhost.declareQueue({ queue: 'dead' });
  vhost.declareQueue({
    queue: 'hour',
    arguments: { 'x-message-ttl': HOUR_MS, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
  });
  for (const body of bodies) vhost.exchange('').publish({ routingKey: 'hour', body });
}

test('while time stands, nothing happens, however long the wall goes on', async () => {
  const made = fixture();
  fillHourQueue(made, ['a']);
  const before = made.types().length;
  await made.wall(2 * HOUR_MS);
  expect(made.world.clock.now()).toBe(0);
  expect(made.types()).toHaveLength(before);
});

test('who waits for a world that ends is told that it got nowhere', async () => {
  const { world } = fixture();
  const stepped = world.step('frame');
  world.end();
  expect(await stepped).toBe(false);
  expect(await world.nextTimer()).toBe(false);
});

test('the next timer is told beforehand, and reached to the millisecond', async () => {
  const made = fixture();
  fillHourQueue(made, ['a']);
  expect(made.world.timers()).toEqual([{ at: HOUR_MS, what: 'hour: a message expires' }]);
  expect(await made.world.nextTimer()).toBe(true);
  expect(made.world.state$.value.jumps).toBe(1);
  expect(made.world.clock.now()).toBe(HOUR_MS);
  expect(made.types()).toContain('message.dead-lettered');
  expect(await made.world.nextTimer()).toBe(false);
});

test('an hour goes by in 3.6 seconds of the wall at a thousand times the speed', async () => {
  const made = fixture(false);
  fillHourQueue(made, ['a']);
  made.world.setSpeed(1000);
  await made.wall(3599);
  expect(made.types()).not.toContain('message.expired');
  await made.wall(1);
  expect(made.types()).toContain('message.expired');
});

test('a world that sleeps through more than it can make up for goes on from where it is', async () => {
  const made = fixture(false);
  await made.wall(50);
  made.world.pause();
  await made.wall(10_000);
  made.world.resume();
  expect(made.world.clock.now()).toBeLessThanOrEqual(50);
});

test('a breakpoint stops time where it says, and why', async () => {
  const made = fixture(false);
  made.world.setBreakpoints([{ on: 'dead-lettered' }]);
  fillHourQueue(made, ['a']);
  made.world.setSpeed(1000);
  await made.wall(10_000);
  expect(made.world.state$.value).toMatchObject({
    paused: true, now: HOUR_MS, stoppedBy: 'message #1 was dead-lettered from hour: expired',
  });
});

test('a breakpoint on the depth of a queue', async () => {
  const made = fixture(false);
  made.world.setBreakpoints([{ on: 'depth', queue: 'hour', above: 2 }]);
  fillHourQueue(made, ['a', 'b']);
  expect(made.world.state$.value.paused).toBe(false);
  made.world.broker.vhost().exchange('').publish({ routingKey: 'hour', body: 'c' });
  expect(made.world.state$.value).toMatchObject({ paused: true, stoppedBy: 'hour holds 3 messages' });
});

test('breakpoints are those of the world that begins next as well', async () => {
  const home = new BrokerHome(new VirtualClock());
  const { world$ } = home;
  onTestFinished(() => world$.value.end());
  world$.value.setBreakpoints([{ on: 'depth', queue: 'hour', above: 0 }]);
  await home.reset(1);
  await home.restart();
  world$.value.resume();
  const vhost = world$.value.broker.vhost();
  vhost.declareQueue({ queue: 'hour' });
  vhost.exchange('').publish({ routingKey: 'hour', body: 'a' });
  expect(world$.value.state$.value).toMatchObject({ paused: true, stoppedBy: 'hour holds 1 message' });
});

test('a step is one event, and none where nothing waits', async () => {
  const made = fixture();
  fillHourQueue(made, ['a']);
  expect(await made.world.step('event')).toBe(true);
  expect(await made.world.step('event')).toBe(false);
  expect(made.world.state$.value.steps).toBe(2);
});

test('a fault stops time and is told, and time can go on', async () => {
  const made = fixture();
  fillHourQueue(made, ['a']);
  made.world.clock.setTimer(10, () => {
    throw new Error('a queue without a head');
  });
  await made.world.advanceTo(20);
  expect(made.world.state$.value).toMatchObject({
    now: 10, stoppedBy: 'a fault of the broker', fault: 'a queue without a head',
  });
  made.world.resume();
  expect(made.world.state$.value).toMatchObject({ paused: false, stoppedBy: '' });
  await made.world.advanceTo(HOUR_MS);
  expect(made.types()).toContain('message.dead-lettered');
});

test('a disk that fails to answer is asked again when time goes on, and not all the while', async () => {
  let asked = 0;
  const journal = new LockstepJournal(new MemoryJournal());
  journal.settle = async () => {
    asked++;
    throw new Error('no such disk');
  };
  const world = new World(new VirtualClock(), { seed: 1, paused: true, journal });
  onTestFinished(() => world.end());
  await world.broker.recover();
  await world.outside.api({ path: '/api/queues/%2F/q', method: 'PUT', body: { durable: true } });
  await firstValueFrom(world.state$.pipe(filter(({ fault }) => fault === 'no such disk')));
  const before = asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(before);
});

test('a ring keeps as much as its limits let it, and the last item however large that is', () => {
  const recent = new Recent<number>({ items: 10, bytes: 100 }, (item) => item);
  for (let i = 0; i < 11; i++) recent.add(1);
  expect(recent.items).toHaveLength(9);
  recent.add(95);
  expect(recent.items).toEqual([95]);
  recent.add(500);
  expect(recent.items).toEqual([500]);
  recent.clear();
  recent.add(2);
  expect(recent.items).toEqual([2]);
});

test('frames that are large push others out of the tap, and of one batch', async () => {
  const made = fixture();
  const { tap } = made.world;
  const frame = (seq: number): TapEvent => ({
    type: 'frame.in', connection: 'connection-1', channel: 1, bytes: new Uint8Array(131_072),
    seq, at: 0, cause: 0, frame: 0,
  });
  const batches: { events: number; dropped: number }[] = [];
  const stop = tap.subscribe({}, ({ events, dropped }) => batches.push({ events: events.length, dropped }));
  for (let seq = 1; seq <= 1000; seq++) tap.add(frame(seq));
  tap.flush();
  stop();
  expect(tap.events.length).toBeLessThanOrEqual(512);
  expect(tap.events.at(-1)!.seq).toBe(1000);
  expect(batches).toEqual([{ events: 65, dropped: 935 }]);
});

test('the tap keeps its last events, hands them out in batches, and counts what is too much', async () => {
  const made = fixture(false);
  const batches: { events: number; counted: number }[] = [];
  const stop = made.world.tap.subscribe({ types: ['message.routed'], aggregate: true }, ({ events, counts }) => {
    batches.push({ events: events.length, counted: counts.reduce((sum, { count }) => sum + count, 0) });
  });
  fillHourQueue(made, Array.from({ length: 100 }, String));
  await made.wall(50);
  stop();
  expect(batches).toEqual([{ events: 10, counted: 90 }]);
  let replayed = 0;
  made.world.tap.subscribe({ since: 0, types: ['message.routed'] }, ({ events }) => (replayed += events.length))();
  expect(replayed).toBe(100);
});
