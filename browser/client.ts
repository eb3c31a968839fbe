/**
 * `tabmq/client` in a browser: any broker with AMQP over WebSocket, and a broker in this tab or a
 * worker over a MessagePort.
 */
import { createConnect, type Connect } from '../core/client/index.ts';
import { BufferPool } from '../core/protocol/buffer-pool.ts';
import { browserDial } from './dial.ts';
import { browserClock } from './host-clock.ts';

export * from '../core/client/index.ts';
export { browserDial };

const clock = browserClock();
const pool = new BufferPool();

/**
 * Connects to a broker by `ws:`, `wss:` or a MessagePort when it is subscribed, and emits the
 * connection once it is open; unsubscribing closes it in order. Fails as in Node.
 */
export const connect: Connect = createConnect(browserDial({ clock, pool }), { clock, pool });
