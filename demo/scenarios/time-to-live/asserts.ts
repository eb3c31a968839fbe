import type { Assertions } from '../format.ts';

/** What expired waits behind the head; the shorter of two times counts. */
const assertions: Assertions = async (run) => {
  await run.said('archivist', 'ready');
  await run.start('writer');
  const first = await run.said('archivist', 'expired');
  if (first !== 'expired: slow') throw new Error(`it overtook the head of the queue: ${first}`);
  await run.said('archivist', 'expired: quick');
  await run.start('secretary');
  await run.said('archivist', 'expired: first note');
  await run.said('archivist', 'expired: second note');
};

export default assertions;
