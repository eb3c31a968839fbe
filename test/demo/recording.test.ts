/** What is done to a world from outside of its time, recorded, and done once more in another one. */
import { MessageChannel } from 'node:worker_threads';
import { BehaviorSubject, firstValueFrom, switchMap } from 'rxjs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect, type Channel } from '../../browser/client.ts';
import { hostClock } from '../../core/clock/host-clock.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { BrokerHome } from '../../demo/broker/home.ts';
import { LockstepJournal } from '../../demo/broker/lockstep-journal.ts';
import { World } from '../../demo/broker/world.ts';
import { plainOf, valueOf } from '../../demo/port/plain-value.ts';
import { recordingLimits, type RecordedInput, type Recording } from '../../demo/port/recording.ts';
import { beginningOf } from '../../demo/share/beginning.ts';
import { readScenario } from './scenarios/folders.ts';
import { scriptOf, Threads } from './scenarios/threads.ts';
import { patientClock, VirtualRun, worldOf } from './scenarios/virtual-run.ts';

const lesson = readScenario('work-queue');
let script: string;

beforeAll(async () => {
  script = await scriptOf('virtual-client.ts');
});

/** A lesson that has begun, whose broker keeps what is durable on a disk that takes its time. */
async function prepare(): Promise<VirtualRun> {
  const journal = new LockstepJournal(new MemoryJournal({ clock: hostClock() }));
  const world = worldOf(lesson, journal);
  await world.broker.recover();
  return begin(new BehaviorSubject(world));
}

/** The same where a world can follow another one. */
async function prepareHome(): Promise<{ home: BrokerHome; run: VirtualRun }> {
  const home = new BrokerHome(patientClock);
  await home.reset(1);
  return { home, run: await begin(home.world$) };
}

async function begin(world$: BehaviorSubject<World>): Promise<VirtualRun> {
  const threads = new Threads(script);
  const run = new VirtualRun(lesson, threads, world$);
  onTestFinished(() => {
    run.end();
    return threads.end();
  });
  await run.begin();
  return run;
}

/** A connection as a screen opens it. */
async function dial({ outside }: World): Promise<Channel> {
  const { port1, port2 } = new MessageChannel();
  outside.serve(port1 as unknown as MessagePort);
  const channel$ = connect({ messagePort: port2 as unknown as MessagePort, heartbeat: 0 })
    .pipe(switchMap((connection) => connection.channel()));
  return new Promise((resolve, reject) => {
    const subscription = channel$.subscribe({ next: resolve, error: reject });
    onTestFinished(() => {
      subscription.unsubscribe();
      port2.close();
    });
  });
}

/** The recording as it comes out of a link. */
const sent = ({ inputs }: Recording): readonly RecordedInput[] =>
  beginningOf(JSON.parse(JSON.stringify(inputs)) as RecordedInput[]).inputs;

async function publishByApi({ outside }: World, payload: string | Uint8Array): Promise<void> {
  const { status } = await outside.api({
    method: 'POST', path: '/api/exchanges/%2F/amq.default/publish',
    body: { routing_key: 'tasks', payload, properties: { deliveryMode: 2, headers: { big: 2n ** 60n } } },
  });
  expect(status).toBe(200);
}

/** A run that repeats one in which a message was published by hand at this time, and what that was. */
async function repeatedAfter(at: number): Promise<{ inputs: readonly RecordedInput[]; again: VirtualRun }> {
  const { world } = await prepare();
  await world.advanceTo(at);
  await publishByApi(world, 'by hand');
  const inputs = sent(world.outside.recording);
  const again = await prepare();
  again.repeat(inputs);
  return { inputs, again };
}

/** Frame by frame; where nothing happens any more, it gives up. */
async function stepUntil(run: VirtualRun, at: number): Promise<void> {
  for (let steps = 0; run.world.clock.now() < at; steps++) {
    expect(steps).toBeLessThan(1000);
    await run.world.step('frame');
  }
}

describe('a recording', { timeout: 60_000 }, () => {
  test('leads to the same run: connections of screens, requests, clients killed and started', async () => {
    const run = await prepare();
    const { world } = run;
    await world.advanceTo(1500);
    const channel = await dial(world);
    await firstValueFrom(channel.declareQueue('by-hand', { durable: true }));
    await publishByApi(world, Uint8Array.of(0, 255));
    await world.advanceTo(2600);
    world.outside.setDelay('consumer-2', 300);
    await world.step('frame');
    await world.outside.kill('consumer-1');
    await publishByApi(world, 'while time stands');
    await world.advanceTo(5200);
    world.outside.setPaused('producer', true);
    await run.start('consumer-1');
    await world.advanceTo(6100);
    world.outside.setPaused('producer', false);
    await world.advanceTo(9000);

    const inputs = sent(world.outside.recording);
    expect(new Set(inputs.map(({ does }) => does))).toEqual(new Set([
      'dial', 'say', 'send', 'settle', 'call', 'delay', 'kill', 'pause', 'start',
    ]));
    const again = await prepare();
    again.repeat(inputs);
    expect(again.world.timers(100)).toContainEqual(
      { at: inputs.find(({ does }) => does === 'kill')!.at, what: 'recorded: kill consumer-1' });
    // It makes no difference where time is stopped on the way, however often.
    await again.world.advanceTo(700);
    await stepUntil(again, 3000);
    await again.world.advanceTo(9000);
    expect(again.digest).toBe(run.digest);
    expect(sent(again.world.outside.recording)).toEqual(inputs);
  });

  test('goes on over a restart of the broker, after which the same is there once more', async () => {
    const { home, run } = await prepareHome();
    await run.world.advanceTo(2600);
    await publishByApi(run.world, 'by hand');
    await home.restart();
    expect(run.world.broker.vhost().queues.get('tasks')!.readyCount).toBeGreaterThan(0);
    for (const client of ['producer', 'consumer-2']) await run.start(client);
    await run.world.advanceTo(5200);
    await publishByApi(run.world, 'to the second broker');
    await run.kill('producer');
    await home.restart();
    await run.start('consumer-1');
    await run.world.advanceTo(9000);

    const inputs = sent(run.world.outside.recording);
    expect(inputs.filter(({ does }) => does === 'restart').map(({ at }) => at)).toEqual([2600, 5200]);
    const again = await prepareHome();
    again.run.repeat(inputs);
    await again.run.world.advanceTo(700);
    await stepUntil(again.run, 3000);
    await again.run.world.advanceTo(9000);
    expect(again.run.digest).toBe(run.digest);
    expect(sent(again.run.world.outside.recording)).toEqual(inputs);
  });

  test('that is handed on before it has happened is handed on whole', async () => {
    const { inputs, again } = await repeatedAfter(1000);
    expect(sent(again.world.outside.recording)).toEqual(inputs);
  });

  test('goes on at its times where somebody changes the run', async () => {
    const { again } = await repeatedAfter(3000);
    await again.kill('producer');
    await again.world.advanceTo(10_000);
    expect(again.world.outside.next).toBeUndefined();
  });

  test('begins with what was there when nothing had happened yet', async () => {
    const run = await prepare();
    const { definitions, clients, inputs } = beginningOf(run.world.outside.recording.inputs);
    expect(definitions.queues).toMatchObject([{ name: 'tasks' }]);
    expect(clients.map(({ name }) => name)).toEqual(['producer', 'consumer-1', 'consumer-2']);
    expect(inputs).toEqual([]);
  });

  test('is given up where more is done than it can hold, and says so', async () => {
    const world = new World(hostClock(), { seed: 1, paused: true });
    onTestFinished(() => world.end());
    for (let i = 0; i <= recordingLimits.inputs; i++) world.outside.setPaused('nobody', true);
    expect(world.outside.recording).toEqual({
      inputs: [], lost: 'More was done by hand than a recording holds: 5000 inputs, 512 KiB.',
    });
  });
});

test('what JSON has no word for is written so that it comes back', () => {
  const value = {
    octets: Uint8Array.of(0, 127, 255), big: 2n ** 63n, date: new Date(5), list: [null, true, 1.5, 'a'],
    $octets: 'not octets', nested: { $date: 1, other: 2 },
  };
  expect(valueOf(JSON.parse(JSON.stringify(plainOf(value))))).toEqual(value);
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth++) deep = [deep];
  expect(() => valueOf(deep)).toThrow(RangeError);
});
