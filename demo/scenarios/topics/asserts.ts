import type { Assertions } from '../format.ts';

/** The painter gets three words with orange in the middle, the breeder all that is lazy. */
const assertions: Assertions = async (run) => {
  await run.start('zoo');
  await run.said('painter', 'painting quick.orange.rabbit');
  await run.said('breeder', 'counting quick.orange.rabbit');
  await run.said('breeder', 'counting lazy.orange.old.rabbit');
  await run.said('zoo', 'here comes quick.brown.fox');
  const next = await run.said('breeder', 'counting');
  if (!next.endsWith('quick.orange.rabbit')) throw new Error(`it got what nothing fits: ${next}`);
};

export default assertions;
