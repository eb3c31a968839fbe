import type { Assertions } from '../format.ts';

/** Both get each line; who was away gets those that come after it is back. */
const assertions: Assertions = async (run) => {
  await run.said('screen', 'subscribed');
  await run.said('disk', 'subscribed');
  await run.start('publisher');
  await run.said('screen', 'showing line 1');
  await run.said('disk', 'writing line 1');
  await run.kill('disk');
  await run.said('screen', 'showing line 2');
  await run.start('disk');
  if (await run.said('disk', 'writing line') === 'writing line 2') {
    throw new Error('a line waited for a subscriber who was away');
  }
};

export default assertions;
