import { Observable, catchError, of, switchMap, throwError } from 'rxjs';
import { urlOf } from '../core/client/address.ts';
import { DialError, type Dial, type Endpoint } from '../core/client/dial.ts';
import { PortTransport, type PortLike } from '../core/session/message-port.ts';
import { serveTransport, type Transport, type TransportEnv } from '../core/session/transport.ts';
import { WebSocketTransport } from './web-socket.ts';

/** Reaches brokers over WebSocket, and a broker in a tab or a worker over a MessagePort. */
export function browserDial(env: TransportEnv): Dial {
  return (endpoint, serve) =>
    open(endpoint, env).pipe(
      catchError<Transport, Observable<never>>((error: Error) => {
        const text = `Cannot connect to ${urlOf(endpoint)}: ${error.message}.`;
        return throwError(() => new DialError(text, { cause: error }));
      }),
      switchMap((transport) => serveTransport(transport, serve, env)),
    );
}

function open(endpoint: Endpoint, env: TransportEnv): Observable<Transport> {
  switch (endpoint.scheme) {
    case 'port':
      return of(new PortTransport(endpoint.messagePort as PortLike));
    case 'ws':
    case 'wss':
      return openWebSocket(endpoint, env);
    case 'amqp':
    case 'amqps':
      return refuse('a browser has no TCP, so the URL must begin with ws: or wss:');
  }
}

function refuse(reason: string): Observable<never> {
  return throwError(() => new Error(reason));
}

/** Emits the transport once it is open. Unsubscribed before, it leaves nothing behind. */
function openWebSocket(endpoint: Endpoint, { clock }: TransportEnv): Observable<Transport> {
  if (endpoint.tls !== undefined) {
    return refuse('a browser decides itself whom it trusts, so no TLS options may be given');
  }
  return new Observable((opened) => {
    let taken = false;
    // No subprotocol is asked for: a relay that knows none would be refused by the browser. WSK-08.
    const webSocket = new WebSocket(urlOf(endpoint));
    webSocket.binaryType = 'arraybuffer';
    webSocket.onopen = () => {
      taken = true;
      webSocket.onclose = null;
      opened.next(new WebSocketTransport(webSocket, clock));
      opened.complete();
    };
    webSocket.onclose = () => {
      // Browsers hide the reason, so that no page can find out what is in somebody's network.
      const guess = 'nothing listens there, it does not speak WebSocket, or it refuses this page';
      opened.error(new Error(guess));
    };
    return () => {
      if (!taken) webSocket.close();
    };
  });
}
