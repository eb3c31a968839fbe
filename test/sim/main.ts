/**
 * `npm run sim`: fixed seeds, then new ones for a while. `--seed N` runs one, twice; `--seeds A-B` runs these;
 * `--minutes M` says how long new ones are tried; `--only 3,17` leaves out all other operations of the seed.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { describeFailure, drawScript, shrink, Simulator, type Outcome } from '../../core/sim/index.ts';
import { seedsFor } from './seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' }, seeds: { type: 'string' }, minutes: { type: 'string' }, only: { type: 'string' },
  },
});

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function run(seed: number): Promise<Outcome> {
  const script = drawScript(seed);
  const kept = values.only?.split(',').map(Number);
  const operations = script.operations.filter(({ number }) => kept?.includes(number) ?? true);
  return new Simulator({ ...script, operations }).run();
}

async function fail(outcome: Outcome): Promise<void> {
  process.exitCode = 1;
  say(describeFailure(outcome, values.only === undefined ? await shrink(outcome) : outcome));
  say(`commit ${commit()}`);
}

async function runOne(seed: number): Promise<void> {
  const outcome = await run(seed);
  if (outcome.failure !== undefined) {
    await fail(outcome);
    return;
  }
  const again = await run(seed);
  const { hash, turns, restarts, confirmed } = outcome;
  say(`seed ${seed}: ${turns} turns, ${restarts} restarts, ${confirmed} messages confirmed; hash ${hash}`);
  if (again.hash === hash) return;
  say(`the second run of seed ${seed} has hash ${again.hash}: something is not deterministic`);
  process.exitCode = 1;
}

async function runMany(seeds: Iterable<number>): Promise<void> {
  let count = 0;
  for (const seed of seeds) {
    const outcome = await run(seed);
    count++;
    if (outcome.failure === undefined) continue;
    await fail(outcome);
    break;
  }
  say(`${count} seeds run`);
}

if (values.seed !== undefined) {
  await runOne(Number(values.seed));
} else if (values.seeds !== undefined) {
  const [first = NaN, last = first] = values.seeds.split('-').map(Number);
  await runMany(Array.from({ length: last - first + 1 }, (_, index) => first + index));
} else {
  await runMany(seedsFor(Number(values.minutes ?? 1) * 60_000));
}
