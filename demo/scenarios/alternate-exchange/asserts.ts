import type { Assertions } from '../format.ts';

/** Orders for Mars, and only those, come to the clerk. */
const assertions: Assertions = async (run) => {
  for (const name of ['europe', 'america', 'clerk']) await run.said(name, 'ready');
  await run.start('shop');
  await run.said('europe', 'shipping order 1 for eu');
  await run.said('america', 'shipping order 2 for us');
  const lost = await run.said('clerk', 'where to send');
  if (!lost.includes('order 3 for mars')) throw new Error(`it was not lost: ${lost}`);
};

export default assertions;
