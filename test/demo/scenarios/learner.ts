/** Somebody who takes a lesson, without a page: the coach's own rules on a world of virtual time. */
import type { TapEvent, TopologyView } from '../../../core/management/index.ts';
import { CastCheck } from '../../../demo/scenarios/cast.ts';
import type { CoachStep, LabelledAction, Scenario } from '../../../demo/scenarios/format.ts';
import { Sightings } from '../../../demo/scenarios/sightings.ts';
import { StepRun } from '../../../demo/scenarios/step-run.ts';
import type { VirtualRun } from './virtual-run.ts';

/** Things that a learner does in one step before they give up. */
const PRESSES_MAX = 40;
/** Virtual milliseconds between two looks at the coach. */
const LOOK_MS = 100;
/** Virtual time within which a step is over. */
const STEP_MS_MAX = 120_000;

export class Learner {
  readonly #run: VirtualRun;
  readonly #scenario: Scenario;
  readonly #sightings = new Sightings();
  readonly #check: CastCheck;
  #step: StepRun;
  /** As in a page, where the views of clients come at once and events in batches after them. */
  #batch: TapEvent[] = [];
  #topology: TopologyView | undefined;
  /** As the learner has it: time goes on whenever they wait for something. */
  #paused = false;

  constructor(run: VirtualRun, scenario: Scenario) {
    this.#run = run;
    this.#scenario = scenario;
    this.#check = new CastCheck(scenario);
    this.#step = this.#stepAt(0);
    run.world.events$.subscribe((event) => this.#batch.push(event));
    run.world.clients.clients$.subscribe(() => this.#lookAtClients());
  }

  get outcome(): number | undefined {
    return this.#step.outcome;
  }

  get done(): boolean {
    return this.#step.done;
  }

  get offer(): StepRun['offer'] {
    return this.#step.offer;
  }

  /** Goes to a step, whether the one before it is done or not. */
  async goTo(at: number): Promise<void> {
    this.#step = this.#stepAt(at);
    await this.look();
  }

  /** Does whatever the coach offers until the step is done. */
  async take(step: CoachStep): Promise<void> {
    await this.goTo(this.#scenario.coach.steps.indexOf(step));
    if (step.predict !== undefined && step.action.do !== 'watch') await this.hesitate(700);
    const limit = this.#run.world.clock.now() + STEP_MS_MAX;
    for (let presses = 0; !this.done;) {
      const { action, wait, arms } = this.offer;
      if (action !== undefined && (wait === '' || arms)) {
        if (++presses > PRESSES_MAX) throw new Error(`${this.#words(step)}: pressed in vain`);
        if (wait === '') await this.press(action);
      }
      if (this.#run.world.clock.now() > limit) throw new Error(`${this.#words(step)}: it is never over`);
      await this.hesitate(LOOK_MS);
    }
  }

  async hesitate(milliseconds: number): Promise<void> {
    const { world } = this.#run;
    await world.advanceTo(world.clock.now() + milliseconds);
    await this.look();
  }

  async press(action: LabelledAction): Promise<void> {
    const run = this.#run;
    if (action.do === 'kill') await run.kill(action.client);
    else if (action.do === 'restart') await run.start(action.client, action.change);
    else if (action.do === 'edit') {
      // What is broken on purpose may end a client.
      run.mayFail = true;
      await run.start(action.client, action.change);
    } else if (action.do === 'pause') this.#paused = true;
    else if (action.do === 'resume') this.#paused = false;
    else if (action.do === 'next-timer') await run.world.nextTimer();
    else if (action.do === 'go-on') run.world.outside.setPaused(action.client, false);
    this.#step.acted(action);
    await this.look();
  }

  async look(): Promise<void> {
    const { body } = await this.#run.world.outside.api({ path: '/api/topology' });
    this.#topology = body as TopologyView;
    this.#lookAtClients();
    for (const event of this.#batch.splice(0)) this.#step.see(event);
  }

  #lookAtClients(): void {
    const { clients: { clients$ }, state$ } = this.#run.world;
    const { jumps } = state$.value;
    if (this.#topology === undefined) return;
    this.#step.look({
      clients: clients$.value, topology: this.#topology, paused: this.#paused, jumps,
    });
  }

  #stepAt(at: number): StepRun {
    return new StepRun(this.#scenario, at, this.#check, this.#sightings);
  }

  #words({ say }: CoachStep): string {
    return `${this.#scenario.name}, '${say}', ${JSON.stringify(this.offer)}`;
  }
}
