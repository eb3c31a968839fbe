import type { Assertions } from '../format.ts';

/** Three waits, each longer than the one before, then it is given up. */
const assertions: Assertions = async (run) => {
  await run.said('worker', 'ready');
  await run.said('clerk', 'ready');
  await run.start('customer');
  for (const attempt of [1, 2, 3, 4]) await run.said('worker', `attempt ${attempt} failed`);
  await run.said('clerk', 'giving up an order');
};

export default assertions;
