import type { Assertions } from '../format.ts';

/** Answers arrive while somebody is there for them. */
const assertions: Assertions = async (run) => {
  await run.said('server', 'ready');
  await run.start('client');
  await run.said('client', 'twice 1 is 2');
  await run.said('client', 'what is twice 2?');
  await run.kill('client');
  await run.said('server', 'answered 4');
  await run.start('client');
  await run.said('client', 'twice 1 is 2');
};

export default assertions;
