import { combineLatest, Subscription } from 'rxjs';
import { CastCheck, type LessonFacts } from '../scenarios/cast.ts';
import type { CoachAction, CoachStep, LabelledAction, Scenario } from '../scenarios/format.ts';
import { Sightings, watchedTypes } from '../scenarios/sightings.ts';
import { specOf, StepRun, type Offer } from '../scenarios/step-run.ts';
import type { App } from './app.ts';
import { coachRoute } from './coach-route.ts';
import { beginScenario } from './open-scenario.ts';
import { go } from './router.ts';

/** How far the learner is in a scenario, whichever screen is open. */
export class Lesson {
  readonly scenario: Scenario;
  /** Index of the step that is shown. */
  at = $state(0);
  /** Index of the choice that the learner made. */
  guess: number | undefined = $state();
  /** Index of the choice that the run has shown to be right. */
  outcome: number | undefined = $state();
  done = $state(false);
  /** What there is to do now, or to wait for. */
  offer: Offer = $state.raw({ action: undefined, wait: '', arms: false });
  /** What was pressed before its time, and is done as soon as that has come. */
  armed: LabelledAction | undefined = $state.raw();
  readonly #app: App;
  readonly #sightings = new Sightings();
  readonly #check: CastCheck;
  #run: StepRun;
  #facts: LessonFacts | undefined;
  /** What was pressed and is not answered yet: pressed twice it is done once. */
  #acting: CoachAction | undefined;

  constructor(scenario: Scenario, app: App) {
    this.scenario = scenario;
    this.#app = app;
    this.#check = new CastCheck(scenario);
    this.#run = this.#runOf(0);
    this.offer = this.#run.offer;
  }

  get steps(): readonly CoachStep[] {
    return this.scenario.coach.steps;
  }

  get step(): CoachStep {
    return this.steps[this.at]!;
  }

  /** The change of code that the learner is to make now. */
  get edit(): Extract<LabelledAction, { do: 'edit' }> | undefined {
    const { action } = this.offer;
    return action?.do === 'edit' && this.offer.wait === '' ? action : undefined;
  }

  /** Watches the broker until what it answers is called. */
  follow(): () => void {
    const { port, topology$ } = this.#app;
    const subscription = new Subscription();
    const { clients, clock } = port;
    if (clients === undefined || clock === undefined) return () => {};
    subscription.add(combineLatest([clients.clients$, topology$, clock.state$])
      .subscribe(([views, topology, { paused, jumps }]) => {
        this.#facts = { clients: views, topology, paused, jumps };
        this.#run.look(this.#facts);
        this.#tell();
      }));
    const types = watchedTypes(this.scenario);
    subscription.add(port.tap$({ types, since: 0 }).subscribe(({ events }) => {
      for (const event of events) this.#run.see(event);
      this.#tell();
    }));
    return () => subscription.unsubscribe();
  }

  begin(at: number): void {
    this.at = at;
    this.guess = undefined;
    this.armed = undefined;
    this.#run = this.#runOf(at);
    if (this.#facts !== undefined) this.#run.look(this.#facts);
    this.#tell();
  }

  /** Whoever has guessed waits for the answer. */
  choose(guess: number): void {
    this.guess = guess;
    const { action, wait } = this.offer;
    if (action?.do === 'watch' && wait === '') this.act(action);
  }

  act(action: LabelledAction): void {
    if (this.#acting === action) return;
    const { wait, arms, action: offered } = this.offer;
    if (offered === action && wait !== '' && action.do !== 'resume') {
      if (arms) this.armed = action;
      return;
    }
    this.#acting = action;
    const run = this.#run;
    void Promise.resolve(this.#do(action)).catch(() => {}).finally(() => {
      this.#acting = undefined;
      run.acted(action);
      this.#tell();
    });
  }

  /** Makes the change of code for the learner, and runs it. */
  changeIt({ client, change, label }: Extract<LabelledAction, { do: 'edit' }>): void {
    this.act({ do: 'restart', client, label, ...(change && { change }) });
  }

  #runOf(at: number): StepRun {
    return new StepRun(this.scenario, at, this.#check, this.#sightings);
  }

  /** Shows how far the step is. */
  #tell(): void {
    this.done = this.#run.done;
    this.outcome = this.done ? this.#run.outcome ?? this.step.predict?.answer : undefined;
    const offer = this.#run.offer;
    if (JSON.stringify(offer) !== JSON.stringify(this.offer)) this.offer = offer;
    const { armed } = this;
    if (armed === undefined) return;
    const isStill = this.offer.action === armed;
    if (isStill && this.offer.wait !== '') return;
    // While time stands it is still wanted.
    if (this.offer.action?.do === 'resume') return;
    this.armed = undefined;
    if (isStill) this.act(armed);
  }

  #do(action: CoachAction): unknown {
    const { clients, clock } = this.#app.port;
    switch (action.do) {
      case 'kill':
        return clients?.kill(action.client);
      case 'restart': {
        const spec = specOf(this.scenario, action);
        return spec && clients?.start(spec);
      }
      case 'go-on':
        return clients?.setPaused(action.client, false);
      case 'open':
        return coachRoute(this.#app.port, action.route).then(go);
      case 'edit':
        return go(`/canvas?${new URLSearchParams({
          edit: action.client, line: String(action.line), find: action.change?.from ?? '',
        })}`);
      case 'pause':
        return clock?.pause();
      case 'resume':
        return clock?.resume();
      case 'next-timer':
        return clock?.nextTimer();
      case 'again':
        return beginScenario(this.#app, this.scenario);
      case 'watch':
        return undefined;
    }
  }
}
