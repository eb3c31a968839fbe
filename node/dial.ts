import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Observable, catchError, of, switchMap, throwError } from 'rxjs';
import { urlOf } from '../core/client/address.ts';
import { DialError, type Dial, type Endpoint, type TlsOptions } from '../core/client/dial.ts';
import { LostError } from '../core/client/errors.ts';
import {
  PortTransport, serveTransport, type PortLike, type Serve, type Transport, type TransportEnv,
} from '../core/index.ts';
import { reasonOf } from './dial-reason.ts';
import { nodeLimits } from './limits.ts';
import { TcpTransport } from './tcp.ts';
import { webSocketLibrary } from './web-socket-library.ts';
import { WebSocketTransport } from './websocket.ts';

/** Reaches brokers over TCP, TLS, WebSocket, and the MessagePorts of Node's workers. */
export function nodeDial(env: TransportEnv): Dial {
  return (endpoint, serve) =>
    open(endpoint).pipe(
      catchError<Transport, Observable<never>>((error: unknown) => {
        const text = `Cannot connect to ${urlOf(endpoint)}: ${reasonOf(error, endpoint)}.`;
        return throwError(() => new DialError(text, { cause: error }));
      }),
      switchMap((transport) => serveTransport(transport, explained(serve, endpoint), env)),
    );
}

/** Emits the transport once it is open. Unsubscribed before, it leaves nothing behind. */
function open(endpoint: Endpoint): Observable<Transport> {
  switch (endpoint.scheme) {
    case 'amqp':
      return openSocket('connect', () => connectTcp(placeOf(endpoint)));
    case 'amqps':
      return openSocket('secureConnect', () => {
        return connectTls({ ...placeOf(endpoint), ...tlsOptions(endpoint.tls) });
      });
    case 'ws':
    case 'wss':
      return openWebSocket(endpoint);
    case 'port':
      return of(new PortTransport(endpoint.messagePort as PortLike));
  }
}

function placeOf({ host, port }: Endpoint) {
  return {
    host,
    port,
    // What a turn wrote is flushed once; to wait for more would only add latency.
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: nodeLimits.keepAliveMs,
  };
}

function openSocket(event: string, connect: () => Socket): Observable<Transport> {
  return new Observable((opened) => {
    let taken = false;
    const socket = connect();
    socket.on('error', (error) => opened.error(error));
    socket.once(event, () => {
      taken = true;
      opened.next(new TcpTransport(socket));
      opened.complete();
    });
    return () => {
      if (!taken) socket.destroy();
    };
  });
}

function openWebSocket(endpoint: Endpoint): Observable<Transport> {
  return new Observable((opened) => {
    let taken: Transport | undefined;
    // No subprotocol is asked for: a relay that knows none would be refused by us. WSK-08.
    const webSocket = new (webSocketLibrary().WebSocket)(urlOf(endpoint), {
      ...tlsOptions(endpoint.tls),
      perMessageDeflate: false,
      maxPayload: nodeLimits.webSocketMessageBytesMax,
    });
    webSocket.on('error', (error) => opened.error(error));
    webSocket.once('unexpected-response', (_request, { statusCode }: IncomingMessage) => {
      opened.error(new Error(`it answers HTTP status ${statusCode} and no WebSocket`));
    });
    webSocket.once('upgrade', ({ socket }: IncomingMessage) => {
      taken = new WebSocketTransport(webSocket, socket);
    });
    webSocket.once('open', () => {
      opened.next(taken!);
      opened.complete();
    });
    return () => {
      if (taken === undefined) webSocket.terminate();
    };
  });
}

/** Files come before what is given directly, as a URI is written for one connection. */
function tlsOptions(tls: TlsOptions = {}): ConnectionOptions {
  const { ca, cert, key, caFile, certFile, keyFile, ...rest } = tls;
  const pems = {
    ca: caFile === undefined ? ca : readFileSync(caFile),
    cert: certFile === undefined ? cert : readFileSync(certFile),
    key: keyFile === undefined ? key : readFileSync(keyFile),
  };
  // An absent option is not the same as an undefined one: it lets Node's default hold.
  const given = Object.entries(pems).filter(([, pem]) => pem !== undefined);
  return { ...rest, ...Object.fromEntries(given) };
}

/** The same service, which is told in words why the transport was lost. */
function explained(serve: Serve, endpoint: Endpoint): Serve {
  return (inbound, link) => {
    const inWords = catchError<Uint8Array, Observable<never>>((error: unknown) => {
      const text = `Lost the connection to ${urlOf(endpoint)}: ${reasonOf(error, endpoint)}.`;
      return throwError(() => new LostError(text, { cause: error }));
    });
    return serve(inbound.pipe(inWords), link);
  };
}
