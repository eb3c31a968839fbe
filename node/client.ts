/**
 * `tabmq/client` in Node: any AMQP 0-9-1 broker over TCP, TLS or WebSocket, and a broker in a
 * worker over a MessagePort.
 */
import { createConnect, type Connect } from '../core/client/index.ts';
import { BufferPool, hostClock } from '../core/index.ts';
import { nodeDial } from './dial.ts';

export * from '../core/client/index.ts';
export { nodeDial };

/** Its timers keep the process alive, since a client that waits to reconnect has work to do. */
const clock = hostClock({ defer: (run) => void setImmediate(run) });
const pool = new BufferPool();

/**
 * Connects to a broker by `amqp:`, `amqps:`, `ws:` or `wss:` when it is subscribed, and emits the
 * connection once it is open; unsubscribing closes it in order. Fails with a DialError where
 * nothing can be reached, a ReplyError where the broker refuses (403 a login, 530 a virtual host),
 * a LostError where the connection is lost, and a UriError where the URI is none.
 */
export const connect: Connect = createConnect(nodeDial({ clock, pool }), { clock, pool });
