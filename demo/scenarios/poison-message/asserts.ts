import type { Assertions } from '../format.ts';

/** A bad job is tried three times and taken away; good ones get through. */
const assertions: Assertions = async (run) => {
  await run.said('worker', 'ready');
  await run.start('office');
  await run.said('worker', 'did job 1');
  await run.said('worker', 'did job 2');
  for (const tries of [1, 2, 3]) await run.said('worker', `bad job 3 failed, try ${tries}`);
  await run.said('doctor', 'looking at bad job 3');
  await run.said('worker', 'did job 4');
};

export default assertions;
