/** A scenario in a world of virtual time, which goes on only while somebody waits for something. */
import { createHash } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BehaviorSubject, switchMap } from 'rxjs';
import type { TapEvent } from '../../../core/management/index.ts';
import { hostClock } from '../../../core/clock/host-clock.ts';
import type { Clock } from '../../../core/ports.ts';
import type { ClientPort } from '../../../demo/broker/client-link.ts';
import type { LockstepJournal } from '../../../demo/broker/lockstep-journal.ts';
import { World } from '../../../demo/broker/world.ts';
import type { ClientSpec } from '../../../demo/port/client-host.ts';
import type { RecordedInput } from '../../../demo/port/recording.ts';
import { definitionsOf } from '../../../demo/scenarios/definitions.ts';
import type { CodeChange, Scenario, ScenarioRun } from '../../../demo/scenarios/format.ts';
import { changed, compiled } from './folders.ts';
import { LogCursors } from './log-cursors.ts';
import type { Threads } from './threads.ts';

/** Virtual time within which everything happens that a lesson waits for. */
const WAIT_MS_MAX = 60_000;

/** However slow the machine: no client counts as busy, which would end its turn too early. */
export const patientClock: Clock = { ...hostClock(), setTimer: () => () => {} };

/** A world in which a scenario can begin. */
export function worldOf({ topology }: Scenario, journal?: LockstepJournal): World {
  return new World(patientClock, { seed: topology.seed ?? 1, paused: true, ...(journal && { journal }) });
}

export class VirtualRun implements ScenarioRun {
  /** The one world of it, or the one that has followed another now. */
  readonly #world$: BehaviorSubject<World>;
  /** Whether a client may end by an error of its own. */
  mayFail = false;
  readonly #scenario: Scenario;
  readonly #threads: Threads;
  readonly #logs = new LogCursors();
  readonly #hash = createHash('sha256');
  /** All that happened so far. */
  readonly events: TapEvent[] = [];

  constructor(scenario: Scenario, threads: Threads, world$ = new BehaviorSubject(worldOf(scenario))) {
    this.#scenario = scenario;
    this.#threads = threads;
    this.#world$ = world$;
    world$.pipe(switchMap(({ clients }) => clients.logs$)).subscribe((line) => this.#logs.add(line));
    world$.pipe(switchMap(({ events$ }) => events$)).subscribe((event) => {
      this.events.push(event);
      this.#hash.update(textOf(event));
    });
  }

  get world(): World {
    return this.#world$.value;
  }

  /** Declares what is to be there and starts the clients that are not to be started later. */
  async begin(): Promise<void> {
    const { topology, clients } = this.#scenario;
    const answer = await this.world.outside.api({
      path: '/api/definitions', method: 'POST', body: definitionsOf(topology),
    });
    if (answer.status >= 300) throw new Error(`the topology was refused: ${JSON.stringify(answer.body)}`);
    for (const client of clients) if (!client.later) await this.start(client.name);
    await this.settle();
  }

  async said(client: string, text: string): Promise<string> {
    await this.until(`${client} to say '${text}'`, () => this.#logs.find(client, text) !== undefined);
    return this.#logs.take(client, text);
  }

  async start(name: string, change?: CodeChange): Promise<void> {
    const spec = this.#scenario.clients.find((client) => client.name === name);
    if (spec === undefined) throw new Error(`there is no client ${name}`);
    const { port1, port2 } = new MessageChannel();
    this.#threads.spawn({ port: port2 }, [port2 as MessagePort]);
    const asChanged = { ...spec, code: changed(spec.code, change) };
    this.world.outside.start(asChanged, compiled(spec, change), port1 as unknown as ClientPort);
  }

  /** Lets what was recorded of another run happen in this one, from its beginning on. */
  repeat(inputs: readonly RecordedInput[]): void {
    const { port1, port2 } = new MessageChannel();
    port2.on('message', ({ name }: ClientSpec) => void this.start(name));
    this.world.repeat(inputs, port1 as unknown as globalThis.MessagePort);
  }

  async kill(client: string): Promise<void> {
    this.world.outside.kill(client);
    await this.settle();
  }

  /** Lets all happen that happens at this moment of virtual time. */
  async settle(): Promise<void> {
    await this.world.advanceTo(this.world.clock.now());
    const failed = this.world.clients.clients$.value.find(({ status }) => status === 'failed');
    if (failed !== undefined && !this.mayFail) throw new Error(`${failed.name}, line ${failed.line}: ${failed.error}`);
    if (this.#threads.faults.length > 0) throw this.#threads.faults[0];
  }

  /** Lets time go on from timer to timer until it is so. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const { world } = this;
    const limit = world.clock.now() + WAIT_MS_MAX;
    await this.settle();
    while (!isSo()) {
      if (world.clock.now() > limit || !await world.nextTimer()) {
        throw new Error(`${this.#scenario.name}: waited in vain for ${what}\n${this.#logs.text}`);
      }
      await this.settle();
    }
  }

  /** Of every event so far, with all its bytes. */
  get digest(): string {
    return this.#hash.copy().digest('hex');
  }

  end(): void {
    this.world.end();
  }
}

function textOf(event: TapEvent): string {
  return JSON.stringify(event, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return typeof value === 'bigint' ? String(value) : value;
  });
}
