import type { Assertions } from '../format.ts';

/** One books alone; when it is gone the other goes on where it was, in order. */
const assertions: Assertions = async (run) => {
  await run.said('clerk-1', 'ready');
  await run.said('clerk-2', 'ready');
  // Whoever came first is active: now that is clerk 1 for sure.
  await run.start('clerk-2');
  await run.said('clerk-2', 'ready');
  await run.start('bank');
  for (const number of [1, 2, 3]) await run.said('clerk-1', `booking entry ${number}`);
  await run.kill('clerk-1');
  const first = await run.said('clerk-2', 'booking');
  if (!/ [34]$/.test(first)) throw new Error(`it does not go on where the other was: ${first}`);
};

export default assertions;
