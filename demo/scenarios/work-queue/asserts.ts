import type { Assertions } from '../format.ts';

/** The kill gives the message back, and the other consumer gets it, marked as redelivered. */
const assertions: Assertions = async (run) => {
  const held = await run.until({ type: 'message.delivered', queue: 'tasks' });
  await run.kill('consumer-1');
  const again = await run.until({ type: 'message.delivered', redelivered: true });
  if (held.type !== 'message.delivered' || again.type !== 'message.delivered') return;
  if (again.message !== held.message) throw new Error('another message came back');
};

export default assertions;
