/** Every scenario without a page: on virtual time, each client in a thread of its own. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CoachStep, Scenario } from '../../demo/scenarios/format.ts';
import { readAssertions, readScenario, scenarioNames } from './scenarios/folders.ts';
import { faultsOfFlights } from './scenarios/flown.ts';
import { Learner } from './scenarios/learner.ts';
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
async function takeSteps(run: VirtualRun, scenario: Scenario): Promise<Map<CoachStep, number | undefined>> {
  const answers = new Map<CoachStep, number | undefined>();
  const learner = new Learner(run, scenario);
  await run.begin();
  await run.world.advanceTo(scenario.topology.warmUpMs ?? 0);
  for (const step of scenario.coach.steps) {
    await learner.take(step);
    if (step.predict !== undefined) answers.set(step, learner.outcome);
  }
  return answers;
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
    const run = prepare(scenario);
    const answers = await takeSteps(run, scenario);
    expect(answers.size).toBeGreaterThan(0);
    for (const [{ predict }, outcome] of answers) {
      expect(predict!.choices[outcome!], predict!.question).toBe(predict!.choices[predict!.answer]);
    }
    // What the picture makes of it: each dot in time, and in the colour of its message.
    expect(run.events.filter(({ type }) => type === 'message.delivered').length).toBeGreaterThan(0);
    expect(faultsOfFlights(run.events)).toEqual([]);
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
