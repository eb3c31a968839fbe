import type { Assertions } from '../format.ts';

/** The kill gives the task back, and the other consumer gets it. */
const assertions: Assertions = async (run) => {
  const line = await run.said('consumer-1', 'working on task');
  await run.kill('consumer-1');
  await run.said('consumer-2', line);
};

export default assertions;
