import type { Assertions } from '../format.ts';

/** What the queue has room for is confirmed, the rest refused; without confirms nobody tells. */
const assertions: Assertions = async (run) => {
  await run.start('shop');
  for (const number of [1, 2, 3]) await run.said('shop', `order ${number} is safe`);
  await run.said('shop', 'order 4 was refused');
  await run.start('warehouse');
  await run.said('warehouse', 'packing order 1');
  await run.said('shop', 'is safe');
};

export default assertions;
