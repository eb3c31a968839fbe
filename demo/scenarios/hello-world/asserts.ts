import type { Assertions } from '../format.ts';

/** What is sent arrives, also where the receiver comes after the sender. */
const assertions: Assertions = async (run) => {
  await run.said('receiver', 'waiting for messages');
  await run.start('sender');
  await run.said('receiver', 'received Hello World!');
  await run.kill('receiver');
  await run.start('sender');
  await run.said('sender', 'sent Hello World!');
  await run.start('receiver');
  await run.said('receiver', 'received Hello World!');
};

export default assertions;
