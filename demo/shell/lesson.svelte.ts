import type { CoachAction, CoachStep, LabelledAction, Scenario } from '../scenarios/format.ts';
import { Sightings, StepWatch, watchedTypes } from '../scenarios/step-watch.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import { coachRoute } from './coach-route.ts';
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
  /** The first of two things to do is done. */
  #begun = $state(false);
  readonly #port: BrokerPort;
  readonly #sightings = new Sightings();
  #watch: StepWatch;

  constructor(scenario: Scenario, port: BrokerPort) {
    this.scenario = scenario;
    this.#port = port;
    this.#watch = new StepWatch(this.step, this.#sightings);
  }

  get steps(): readonly CoachStep[] {
    return this.scenario.coach.steps;
  }

  get step(): CoachStep {
    return this.steps[this.at]!;
  }

  /** What is to be done now; undefined: nothing more. */
  get action(): LabelledAction | undefined {
    if (this.done) return undefined;
    return this.#begun ? this.step.then : this.step.action;
  }

  /** Watches the broker until what it answers is called. */
  follow(): () => void {
    const types = watchedTypes(this.scenario);
    const subscription = this.#port.tap$({ types, since: 0 }).subscribe(({ events }) => {
      for (const event of events) {
        this.#sightings.see(event);
        this.#watch.see(event);
      }
      if (this.#watch.done && !this.done) this.#finish();
    });
    return () => subscription.unsubscribe();
  }

  begin(at: number): void {
    this.at = at;
    this.guess = undefined;
    this.outcome = undefined;
    this.done = false;
    this.#begun = false;
    this.#watch = new StepWatch(this.step, this.#sightings);
  }

  act(action: CoachAction): void {
    void this.#do(action);
    if (!this.#begun && this.step.then !== undefined) this.#begun = true;
    else if (!StepWatch.isAutomatic(this.step)) this.#finish();
  }

  #finish(): void {
    this.done = true;
    this.outcome = this.#watch.outcome ?? this.step.predict?.answer;
  }

  #do(action: CoachAction): unknown {
    const { clients, clock } = this.#port;
    switch (action.do) {
      case 'kill':
        return clients?.kill(action.client);
      case 'restart': {
        const spec = this.scenario.clients.find(({ name }) => name === action.client);
        return spec && clients?.start(spec);
      }
      case 'open':
        return coachRoute(this.#port, action.route).then(go);
      case 'edit':
        return go(`/canvas?${new URLSearchParams({
          edit: action.client, line: String(action.line), find: action.change?.from ?? '',
        })}`);
      case 'pause':
        return clock?.pause();
      case 'resume':
        return clock?.resume();
      case 'step':
        return clock?.step('frame');
      case 'next-timer':
        return clock?.nextTimer();
    }
  }
}
