import type { Assertions } from '../format.ts';

/** Answers find their questions, also those that waited for a server. */
const assertions: Assertions = async (run) => {
  await run.said('server', 'ready');
  await run.start('client');
  await run.said('client', 'fibonacci(1) is 1');
  await run.said('client', 'fibonacci(2) is 1');
  await run.kill('server');
  await run.start('server');
  await run.said('client', 'fibonacci(3) is 2');
  await run.said('client', 'fibonacci(4) is 3');
  await run.start('server', { from: 'message.properties.correlationId', to: "'oops'" });
  await run.said('client', 'an answer to a question that nobody asked');
};

export default assertions;
