import { Observable, type TeardownLogic } from 'rxjs';
import { urlOf } from '../core/client/address.ts';
import { DialError, type Dial, type Endpoint } from '../core/client/dial.ts';
import { PortTransport, type PortLike } from '../core/session/message-port.ts';
import { serveTransport, type Transport, type TransportEnv } from '../core/session/transport.ts';
import { watchPortLife } from './life.ts';
import { WebSocketTransport } from './web-socket.ts';

/** What comes of an attempt to open a transport: one call of either. */
interface Attempt {
  opened(transport: Transport): void;
  /** Why it cannot be opened: a clause. */
  failed(reason: string): void;
}

/** Reaches brokers over WebSocket, and a broker in a tab or a worker over a MessagePort. */
export function browserDial(env: TransportEnv): Dial {
  // Without operators, each of which would add to what a page has to load.
  return (endpoint, serve) => new Observable((link) => {
    link.add(open(endpoint, env, {
      opened: (transport) => serveTransport(transport, serve, env).subscribe(link),
      failed: (reason) => {
        link.error(new DialError(`Cannot connect to ${urlOf(endpoint)}: ${reason}.`));
      },
    }));
  });
}

function open(endpoint: Endpoint, env: TransportEnv, attempt: Attempt): TeardownLogic {
  switch (endpoint.scheme) {
    case 'port':
      return attempt.opened(new PortTransport(endpoint.messagePort as PortLike, watchPortLife));
    case 'ws':
    case 'wss':
      return openWebSocket(endpoint, env, attempt);
    case 'amqp':
    case 'amqps':
      return attempt.failed('a browser has no TCP, so the URL must begin with ws: or wss:');
  }
}

/** Answers how to leave nothing behind when it is given up before it is open. */
function openWebSocket(
  endpoint: Endpoint,
  { clock }: TransportEnv,
  attempt: Attempt,
): TeardownLogic {
  if (endpoint.tls !== undefined) {
    const reason = 'a browser decides itself whom it trusts, so no TLS options may be given';
    return attempt.failed(reason);
  }
  let webSocket: WebSocket;
  try {
    // No subprotocol is asked for: a relay that knows none would be refused by the browser. WSK-08.
    webSocket = new WebSocket(urlOf(endpoint));
  } catch (error) {
    // A page that came over https may not use a WebSocket without TLS, for one.
    return attempt.failed((error as Error).message);
  }
  let taken = false;
  webSocket.binaryType = 'arraybuffer';
  webSocket.onopen = () => {
    taken = true;
    webSocket.onclose = null;
    attempt.opened(new WebSocketTransport(webSocket, clock));
  };
  // Browsers hide the reason, so that no page can find out what is in somebody's network.
  webSocket.onclose = () => attempt.failed(
    'nothing listens there, it does not speak WebSocket, or it refuses this page',
  );
  return () => {
    if (!taken) webSocket.close();
  };
}
