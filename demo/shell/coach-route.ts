import type { BrokerPort } from '../port/broker-port.ts';
import { kept } from '../port/kept.ts';

const WORD = '{redelivered}';

/**
 * A route of a lesson. `{redelivered}` in it is the number of the frame that carried the last
 * message which was delivered again.
 */
export async function coachRoute(port: BrokerPort, route: string): Promise<string> {
  if (!route.includes(WORD)) return route;
  const recent$ = port.tap$({ since: 0, types: ['message.delivered', 'frame.out'] });
  const batches = await kept(port, recent$);
  const events = batches.flatMap((batch) => batch.events);
  const again = events.findLast((event) => event.type === 'message.delivered' && event.redelivered);
  const frame = events.find(({ type, cause }) => type === 'frame.out' && cause === again?.seq);
  if (frame === undefined) return '/wire?method=basic.deliver';
  return route.replace(WORD, String(frame.seq));
}
