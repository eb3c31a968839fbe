import type { Assertions } from '../format.ts';

/** The pager hears of errors only, the archivist of everything. */
const assertions: Assertions = async (run) => {
  await run.said('pager', 'ready');
  await run.said('archivist', 'ready');
  await run.start('application');
  await run.said('archivist', 'keeping info 1');
  await run.said('archivist', 'keeping warning 2');
  await run.said('archivist', 'keeping error 3');
  const first = await run.said('pager', 'waking somebody up');
  if (!first.endsWith('error 3')) throw new Error(`the pager got what is no error: ${first}`);
};

export default assertions;
