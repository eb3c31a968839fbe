import type { TapEvent } from '../../core/management/index.ts';
import type { ClientView } from '../port/client-host.ts';
import {
  castAt, consumersOf, hasChange, isGone, stagesOf, type CastCheck, type LessonFacts,
  type Repair,
} from './cast.ts';
import type { EventPattern, LabelledAction, Need, Scenario } from './format.ts';
import type { Sightings } from './sightings.ts';

/** What the coach offers now. */
export interface Offer {
  readonly action: LabelledAction | undefined;
  /** What it waits for, in words; ''. Where there is an action as well, it cannot be done yet. */
  readonly wait: string;
  /** The action can be pressed, and is done once what it waits for has come. */
  readonly arms: boolean;
}

const NOTHING: Offer = { action: undefined, wait: '', arms: false };
/** Said before anything is known; the button has its place by then. */
const BEGINS = 'the broker begins ...';
const goOn: LabelledAction = { do: 'resume', label: 'Let time go on' };

/**
 * One step of a lesson, from its first action to its verdict. It trusts nothing but what happened:
 * an action is done when its client has started or ended, whoever did it; what the step waits for
 * counts from that event on; and what is undone is to be done once more.
 */
export class StepRun {
  /** Index of the choice that came true; undefined while none did. */
  outcome: number | undefined;
  readonly #scenario: Scenario;
  readonly #at: number;
  readonly #check: CastCheck;
  readonly #sightings: Sightings;
  readonly #stages: readonly LabelledAction[];
  #stage = 0;
  /** What counts comes after this event; undefined: nothing does yet. */
  #anchor: number | undefined;
  #facts: LessonFacts | undefined;
  /** What there was when the present stage began. */
  #before: LessonFacts | undefined;
  /** A kill whose events are still to come: what was before it is seen up to this event. */
  #killedAfter: number | undefined;
  #isPressed = false;
  #begun = 0;
  #origin: number | undefined;
  readonly #seen = new Map<EventPattern, number>();
  #until = false;
  #done = false;

  constructor(scenario: Scenario, at: number, check: CastCheck, sightings: Sightings) {
    this.#scenario = scenario;
    this.#at = at;
    this.#check = check;
    this.#sightings = sightings;
    this.#stages = stagesOf(this.step);
  }

  get step() {
    return this.#scenario.coach.steps[this.#at]!;
  }

  get done(): boolean {
    return this.#done;
  }

  /** The stage at hand; undefined: all that the learner does is done. */
  get stage(): LabelledAction | undefined {
    return this.#stages[this.#stage];
  }

  /** How things are now. */
  look(facts: LessonFacts): void {
    // Before the broker has told anything there is nothing to compare with.
    if (facts.topology.exchanges.length === 0) return;
    this.#before ??= facts;
    this.#facts = facts;
    this.#sightings.know(facts.clients);
    if (this.#done) return;
    // It can be stopped only once it goes.
    if (this.stage?.do === 'pause' && !facts.paused) this.#before = facts;
    if (this.#anchor === undefined) this.#advance();
    else this.#takeBack();
    const { lastSeq } = this.#sightings;
    if (this.#killedAfter !== undefined && lastSeq >= this.#killedAfter) this.#settleKill();
  }

  see(event: TapEvent): void {
    if (this.#killedAfter !== undefined && event.seq > this.#killedAfter) this.#settleKill();
    this.#sightings.see(event);
    if (this.#done || this.#anchor === undefined || event.seq <= this.#anchor) return;
    this.#match(event);
    if (this.#isComplete()) this.#done = true;
  }

  /** The coach did its part of the stage. */
  acted(action: LabelledAction): void {
    if (action !== this.stage) return;
    this.#isPressed = true;
    if (this.#facts !== undefined) this.#advance();
  }

  get offer(): Offer {
    const facts = this.#facts;
    if (this.#done) return NOTHING;
    if (facts === undefined) return { action: this.stage, wait: BEGINS, arms: false };
    const repair = this.#repair(facts);
    if (repair?.action !== undefined) return { action: repair.action, wait: '', arms: false };
    const { stage } = this;
    const needs = this.#needs(facts);
    const wait = repair?.wait ?? needs?.wait ?? '';
    if (needs?.by !== undefined && repair === undefined) {
      return { action: needs.by, wait: '', arms: false };
    }
    const waits = stage === undefined || wait !== '';
    // Nothing that is waited for comes while time stands.
    if (waits && facts.paused) return { action: goOn, wait, arms: false };
    if (stage?.do === 'pause' && facts.paused) return { action: goOn, wait: '', arms: false };
    return { action: stage, wait, arms: needs?.arms === true && repair === undefined };
  }

  #repair(facts: LessonFacts): Repair | undefined {
    const { stage } = this;
    const cast = castAt(this.#scenario, this.#at, this.#stage);
    const last = this.#stages.at(-1)!;
    // What is broken on purpose may end its client before that is seen to be the outcome.
    const started = stage ?? (last.do === 'edit' ? last : undefined);
    const starts = started?.do === 'restart' || started?.do === 'edit' ? started.client : undefined;
    // Whom the step itself has started by now may be there.
    const absent = this.step.absent?.filter((name) => !cast.has(name)) ?? [];
    return this.#check.repair(cast, absent, starts, facts);
  }

  /** The first need that is not met. */
  #needs(facts: LessonFacts): Need | undefined {
    const { stage } = this;
    const needs = stage?.needs
      ?? this.#stages.at(-1)!.needs?.filter(({ stays }) => stays === true) ?? [];
    return needs.find((need) => !this.#isMet(need, facts));
  }

  #isMet(need: Need, { clients, topology }: LessonFacts): boolean {
    const of = (name: string): readonly string[] =>
      clients.find((client) => client.name === name)?.connections ?? [];
    const { holdings } = this.#sightings;
    if (need.holds !== undefined) return holdings.held(of(need.holds)) > 0;
    if (need.handed !== undefined) return holdings.handed(of(need.handed)) > 0;
    if (need.pending !== undefined) return this.#sightings.isPending(need.pending);
    if (need.active !== undefined) {
      const client = clients.find(({ name }) => name === need.active);
      return client !== undefined && consumersOf(client, topology).some(({ active }) => active);
    }
    const { messages_ready: ready = 0 } = topology.queues
      .find(({ name }) => name === need.queue) ?? {};
    return ready >= (need.least ?? 0) && ready <= (need.most ?? Infinity);
  }

  /** Goes on to the next stage where what the present one is about has happened. */
  #advance(): void {
    const { stage } = this;
    if (stage === undefined || this.#facts === undefined || this.#killedAfter !== undefined) return;
    const after = this.#doneAfter(stage, this.#facts);
    if (after === undefined) return;
    if (stage.do === 'kill') this.#killedAfter = after;
    else this.#next(after);
  }

  /** `seq` of the event after which the stage was done; undefined: it was not. */
  #doneAfter(stage: LabelledAction, { clients, paused, jumps }: LessonFacts): number | undefined {
    const before = this.#before!;
    const { lastSeq } = this.#sightings;
    if (stage.do === 'pause') return paused && !before.paused ? lastSeq : undefined;
    if (stage.do === 'next-timer') return jumps > before.jumps ? lastSeq : undefined;
    if (!('client' in stage)) return this.#isPressed ? lastSeq : undefined;
    const [now, was] = [clients, before.clients].map((all) =>
      all.find(({ name }) => name === stage.client));
    if (now === undefined) return undefined;
    if (stage.do === 'kill') {
      const lived = was === undefined || now.run !== was.run || !isGone(was);
      return now.status === 'killed' && lived ? now.endedAfter : undefined;
    }
    const isNew = now.run > (was?.run ?? 0) && !isGone(now);
    const fits = stage.do !== 'edit' || stage.change === undefined
      || hasChange(now.code, stage.change);
    return isNew && fits ? now.startedAfter : undefined;
  }

  /** A kill counts where the client held then what it was to hold. */
  #settleKill(): void {
    const after = this.#killedAfter!;
    this.#killedAfter = undefined;
    const facts = this.#facts!;
    const ofEvents = ({ holds, handed, pending }: Need): boolean =>
      [holds, handed, pending].some((one) => one !== undefined);
    const needs = this.stage?.needs?.filter(ofEvents) ?? [];
    if (needs.every((need) => this.#isMet(need, facts))) this.#next(after);
    else this.#before = facts;
  }

  #next(after: number): void {
    this.#stage++;
    this.#isPressed = false;
    this.#before = this.#facts;
    if (this.stage !== undefined) return;
    this.#anchor = after;
    this.#done = this.#isComplete();
  }

  /** Whoever was killed is back, or is gone who was started: the last stage is to be done again. */
  #takeBack(): void {
    const last = this.#stages.at(-1)!;
    if (!('client' in last)) return;
    const client = this.#facts!.clients.find(({ name }) => name === last.client);
    const isGoneNow = client === undefined || isGone(client);
    const isAsLeft = last.do === 'kill' ? isGoneNow
      // Code that is broken on purpose may end its client, and that is the outcome.
      : last.do === 'edit' && last.change ? client && hasChange(client.code, last.change)
        : !isGoneNow;
    if (isAsLeft === true) return;
    this.#stage--;
    this.#anchor = undefined;
    this.#begun = 0;
    this.#origin = undefined;
    this.#until = false;
    this.#seen.clear();
    this.#before = this.#facts;
  }

  #match(event: TapEvent): void {
    const { until, predict } = this.step;
    if (until !== undefined && this.#comes(event, until)) this.#until = true;
    const from = predict?.from ?? [];
    if (predict?.follows === true && this.#origin !== undefined
      && this.#sightings.originOf(event) !== this.#origin) return;
    if (this.#begun < from.length) {
      if (!this.#comes(event, from[this.#begun]!)) return;
      this.#origin ??= this.#sightings.originOf(event);
      this.#begun++;
    } else if (this.outcome === undefined) {
      const outcome = predict?.outcomes?.findIndex((one) => one !== null && this.#comes(event, one))
        ?? -1;
      if (outcome >= 0) this.outcome = outcome;
    }
  }

  /** Whether the event fits, and has done so as often as it must. */
  #comes(event: TapEvent, pattern: EventPattern): boolean {
    if (!this.#sightings.fits(event, pattern)) return false;
    const times = (this.#seen.get(pattern) ?? 0) + 1;
    this.#seen.set(pattern, times);
    return times >= Number(pattern['times'] ?? 1);
  }

  #isComplete(): boolean {
    const { until, predict } = this.step;
    return (until === undefined || this.#until)
      && (predict?.outcomes === undefined || this.outcome !== undefined);
  }
}

/** The client that a lesson starts, as the action says. */
export function specOf(
  { clients }: Scenario, action: { readonly client: string; readonly change?: unknown },
): Pick<ClientView, 'name' | 'code' | 'library'> | undefined {
  const spec = clients.find(({ name }) => name === action.client);
  if (spec === undefined) return undefined;
  const { name, code, library } = spec;
  const change = action.change as { from: string; to: string } | undefined;
  return { name, library, code: change ? code.replace(change.from, change.to) : code };
}
