import type { Assertions } from '../format.ts';

/** What is urgent goes next, and what is not waits while there is more of it. */
const assertions: Assertions = async (run) => {
  await run.said('nightly', 'sent all');
  await run.said('worker', 'working on nightly job');
  await run.start('customer');
  await run.said('customer', 'sent an urgent job');
  await run.said('worker', 'working on an urgent job');
  await run.start('flood');
  await run.said('worker', 'working on flood 1');
  const next = await run.said('worker', 'working on');
  if (!next.endsWith('flood 2')) throw new Error(`it came before the flood: ${next}`);
};

export default assertions;
