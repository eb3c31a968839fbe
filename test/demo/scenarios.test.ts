/** Every scenario without a page: on virtual time, each client in a thread of its own. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CoachStep, Scenario } from '../../demo/scenarios/format.ts';
import { Sightings, StepWatch } from '../../demo/scenarios/step-watch.ts';
import { readAssertions, readScenario, scenarioNames } from './scenarios/folders.ts';
import { scriptOf, Threads } from './scenarios/threads.ts';
import { VirtualRun } from './scenarios/virtual-run.ts';

const retold = ['work-queue', 'retry-with-back-off', 'rpc'];

let script: string;

beforeAll(async () => {
  script = await scriptOf('virtual-client.ts');
});

/** A scenario before anything of it has happened; it ends with the test. */
function prepare(scenario: Scenario): VirtualRun {
  const threads = new Threads(script);
  const run = new VirtualRun(scenario, threads);
  onTestFinished(() => {
    run.end();
    return threads.end();
  });
  return run;
}

/** Takes the steps of the coach in order; gives what the broker answered to each prediction. */
async function takeSteps(
  run: VirtualRun, { coach, topology }: Scenario,
): Promise<Map<CoachStep, number | undefined>> {
  const sightings = new Sightings();
  const answers = new Map<CoachStep, number | undefined>();
  let watch = new StepWatch(coach.steps[0]!, sightings);
  run.world.events$.subscribe((event) => {
    sightings.see(event);
    watch.see(event);
  });
  await run.begin();
  await run.world.advanceTo(topology.warmUpMs ?? 0);
  for (const step of coach.steps) {
    await hesitate(run, step);
    expect(watch.outcome, `what answered '${step.predict?.question}' before its time`).toBeUndefined();
    await act(run, step);
    if (StepWatch.isAutomatic(step)) await run.until(`the end of '${step.say}'`, () => watch.done);
    if (step.predict !== undefined) answers.set(step, watch.outcome);
    watch = new StepWatch(coach.steps[coach.steps.indexOf(step) + 1] ?? step, sightings);
  }
  return answers;
}

/** A learner takes a while to read what is to be predicted. */
async function hesitate({ world }: VirtualRun, { action, predict }: CoachStep): Promise<void> {
  if (action !== undefined && predict !== undefined) await world.advanceTo(world.clock.now() + 700);
}

async function act(run: VirtualRun, { action }: CoachStep): Promise<void> {
  if (action?.do === 'kill') await run.kill(action.client);
  else if (action?.do === 'restart') await run.start(action.client);
  else if (action?.do === 'edit') {
    // What is broken on purpose may end a client.
    run.mayFail = true;
    await run.start(action.client, action.change);
  }
}

describe.each(scenarioNames)('%s', { timeout: 60_000 }, (name) => {
  const scenario = readScenario(name);

  test('its clients see what the lesson says', async () => {
    const assertions = await readAssertions(name);
    const run = prepare(scenario);
    await run.begin();
    await assertions(run);
  });

  test('the broker answers each question of the coach as the lesson does', async () => {
    const answers = await takeSteps(prepare(scenario), scenario);
    expect(answers.size).toBeGreaterThan(0);
    for (const [{ predict }, outcome] of answers) {
      expect(predict!.choices[outcome!], predict!.question).toBe(predict!.choices[predict!.answer]);
    }
  });

  test('the coach points at lines that have what it speaks of', () => {
    const { coach, clients } = scenario;
    expect(coach.steps.length).toBeGreaterThanOrEqual(3);
    expect(coach.steps.length).toBeLessThanOrEqual(6);
    for (const { action, predict } of coach.steps) {
      if (predict?.outcomes !== undefined) expect(predict.outcomes.length).toBe(predict.choices.length);
      if (action?.do !== 'edit') continue;
      const { code } = clients.find((client) => client.name === action.client)!;
      expect(code.split('\n')[action.line - 1]).toContain(action.change!.from);
    }
  });
});

// Enough to notice when something goes by another clock; each takes its time.
test.each(retold)('%s: the same seed is the same run, to the byte', { timeout: 60_000 }, async (name) => {
  const scenario = readScenario(name);
  const runs = [prepare(scenario), prepare(scenario)];
  for (const run of runs) await takeSteps(run, scenario);
  expect(runs[1]!.digest).toBe(runs[0]!.digest);
});
