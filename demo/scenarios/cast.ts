/** Which clients a step of a lesson takes for granted, and what brings them about. */
import type { ConsumerView, TopologyView } from '../../core/management/index.ts';
import type { ClientView } from '../port/client-host.ts';
import type { CodeChange, CoachStep, LabelledAction, Scenario } from './format.ts';

/** How things are, beside what happened. */
export interface LessonFacts {
  readonly clients: readonly ClientView[];
  readonly topology: TopologyView;
  readonly paused: boolean;
  /** How often time jumped to the next timer. */
  readonly jumps: number;
}

/** What is to be said or done before a step can go on. */
export interface Repair {
  readonly wait?: string;
  readonly action?: LabelledAction;
}

/** Clients that run, each with the change to its code that the lesson has made by then. */
export type Cast = ReadonlyMap<string, CodeChange | undefined>;

export const beginAgain: LabelledAction = { do: 'again', label: 'Begin the lesson again' };

export function stagesOf({ action, then }: CoachStep): readonly LabelledAction[] {
  return then === undefined ? [action] : [action, then];
}

/** Who runs once so many steps of the lesson are done, and so many stages of the one after them. */
export function castAt({ coach, clients }: Scenario, step: number, stages: number): Cast {
  const cast = new Map<string, CodeChange | undefined>(
    clients.filter(({ later }) => !later).map(({ name }) => [name, undefined]),
  );
  const done = coach.steps.slice(0, step).flatMap(stagesOf);
  const begun = stagesOf(coach.steps[step]!).slice(0, stages);
  for (const action of [...done, ...begun]) {
    if (action.do === 'kill') cast.delete(action.client);
    else if (action.do === 'restart') cast.set(action.client, undefined);
    else if (action.do === 'edit') cast.set(action.client, action.change);
  }
  return cast;
}

export function isGone({ status }: ClientView): boolean {
  return status === 'killed' || status === 'failed';
}

/** Whether the code has the change; spaces do not count. */
export function hasChange(code: string, { to }: CodeChange): boolean {
  const plain = (text: string): string => text.replaceAll(/\s+/g, '').replaceAll('"', "'");
  return plain(code).includes(plain(to));
}

/** `consumer 1` of `consumer-1` */
export function spoken(client: string): string {
  return client.replace(/-(\d+)$/, ' $1');
}

/** Holds what there is against what a lesson takes for granted. */
export class CastCheck {
  readonly #scenario: Scenario;
  /** Changes that the lesson makes to each client at some time. */
  readonly #changes: readonly { readonly client: string; readonly change: CodeChange }[];
  /** Runs that were seen to consume. */
  readonly #consumed = new Set<number>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#changes = scenario.coach.steps.flatMap(stagesOf).flatMap((action) => (
      action.do === 'edit' && action.change !== undefined
        ? [{ client: action.client, change: action.change }] : []
    ));
  }

  /** What is to be done first; undefined: all is as it should be. */
  repair(
    cast: Cast, absent: readonly string[], busyWith: string | undefined, facts: LessonFacts,
  ): Repair | undefined {
    const { clients, topology } = facts;
    for (const client of clients) {
      if (consumersOf(client, topology).length > 0) this.#consumed.add(client.run);
    }
    if (this.#isTorn(topology)) return { action: beginAgain };
    const intruder = clients.find((one) => absent.includes(one.name) && !isGone(one));
    if (intruder !== undefined) {
      const { name } = intruder;
      return { action: { do: 'kill', client: name, label: `Kill ${spoken(name)} first` } };
    }
    for (const [name, change] of cast) {
      if (name === busyWith) continue;
      const found = this.#repairOf(name, change, facts);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #repairOf(
    name: string, change: CodeChange | undefined, { clients, topology }: LessonFacts,
  ): Repair | undefined {
    const start = (label: string): Repair => (
      { action: { do: 'restart', client: name, label, ...(change && { change }) } }
    );
    const client = clients.find((one) => one.name === name);
    if (client === undefined) return start(`Start ${spoken(name)}`);
    const isRight = this.#isRight(client, change);
    if (client.status === 'failed' && isRight) return { action: beginAgain };
    if (isGone(client)) return start(`Restart ${spoken(name)}`);
    if (!isRight) {
      return start(change === undefined
        ? `Put the code of ${spoken(name)} back` : `Change ${spoken(name)} and run it`);
    }
    if (client.status === 'paused') {
      return { action: { do: 'go-on', client: name, label: `Let ${spoken(name)} go on` } };
    }
    if (client.status === 'busy') return start(`Restart ${spoken(name)}`);
    // Who consumes from its own channel is in no queue's list.
    const consumes = /consume\(/i.test(client.code) && !client.code.includes('reply-to');
    if (!consumes || consumersOf(client, topology).length > 0) return undefined;
    if (this.#consumed.has(client.run)) return start(`Restart ${spoken(name)}`);
    return { wait: `waiting for ${spoken(name)} to connect ...` };
  }

  /** Whether it runs what the lesson has it run now, whatever else was changed in it. */
  #isRight({ name, code }: ClientView, change: CodeChange | undefined): boolean {
    return this.#changes.every((one) =>
      one.client !== name || hasChange(code, one.change) === (one.change === change));
  }

  /** Whether something is gone that the lesson declared. */
  #isTorn({ exchanges, queues }: TopologyView): boolean {
    const { topology } = this.#scenario;
    const isThere = (all: readonly { name: string }[], name: string): boolean =>
      all.some((one) => one.name === name);
    return topology.exchanges?.some(({ name }) => !isThere(exchanges, name)) === true
      || topology.queues?.some(({ name }) => !isThere(queues, name)) === true;
  }
}

export function consumersOf(
  { connections }: ClientView, { consumers }: TopologyView,
): readonly ConsumerView[] {
  return consumers.filter(({ channel }) => connections.includes(channel.split('/', 1)[0]!));
}
