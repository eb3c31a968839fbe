import type { Script } from './script.ts';
import type { Failure, Outcome } from './simulator.ts';

/** A script. */
function describeScript({ operations }: Script): string {
  return operations.map(({ number, at, actor, kind }) =>
    `  ${String(number).padStart(4)}  ${String(at).padStart(6)} ms  actor ${actor}  ${kind}`,
  ).join('\n');
}

/** What one needs to know of a failure: the seed, what was wrong, how little it takes, and how. */
export function describeFailure(failed: Outcome, shrunken: Outcome): string {
  const { seed, operations } = failed.script;
  const failure: Failure = shrunken.failure!;
  const kept = shrunken.script.operations;
  return [
    `seed ${seed} fails: ${failed.failure!.text}`,
    `shrunken from ${operations.length} to ${kept.length} operations: ${failure.text}`,
    '',
    'operations (number, time, who, what):',
    describeScript(shrunken.script),
    '',
    'last turns (turn, time, who; > the broker hears, < it says):',
    failure.lastTurns,
    '',
    `again: npm run sim -- --seed ${seed}` +
      (kept.length < operations.length
        ? ` --only ${kept.map(({ number }) => number).join(',')}`
        : ''),
  ].join('\n');
}
