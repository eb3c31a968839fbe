import { createServer as createHttpServer, ServerResponse, type RequestListener } from 'node:http';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { limits } from '../core/index.ts';
import { nameByCertificates } from './certificate-name.ts';
import { nodeLimits } from './limits.ts';
import { withoutMapping } from './peer-address.ts';
import { TcpTransport, type SocketTransport } from './tcp.ts';
import { showsForeignCertificate, type TlsOptions } from './tls.ts';
import { MISDIRECTED, type HostRule } from './host-rule.ts';
import { refuse, type WebSocketAcceptor } from './websocket.ts';

const socketOptions = {
  // A turn is flushed once; to wait for more would only add latency.
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: nodeLimits.keepAliveMs,
};

const streamOptions = {
  ...socketOptions,
  // The other direction stays open after a FIN, so that the answer to the last request gets out.
  allowHalfOpen: true,
};

const httpOptions = {
  ...socketOptions,
  headersTimeout: limits.handshakeMs,
  requestTimeout: limits.handshakeMs,
  connectionsCheckingInterval: nodeLimits.httpCheckMs,
  maxHeaderSize: nodeLimits.httpHeaderBytesMax,
};

/** Takes over a connection whose peer the server knows nothing of yet. */
type AcceptSocket = (transport: SocketTransport) => void;

/** AMQP over TCP. */
export function tcpServer(accept: AcceptSocket): Server {
  return createTcpServer(streamOptions, (socket) => accept(new TcpTransport(socket)));
}

/** AMQP over TLS. */
export function tlsServer(tls: TlsOptions, accept: AcceptSocket): Server {
  const options = { ...streamOptions, ...tls, handshakeTimeout: limits.handshakeMs };
  const server = createTlsServer(options, (socket) => {
    if (showsForeignCertificate(socket)) socket.destroy();
    else accept(new TcpTransport(socket));
  });
  nameByCertificates(server, tls.loginFrom);
  return server;
}

export interface HttpParts {
  readonly answer: RequestListener;
  readonly webSockets: WebSocketAcceptor;
  readonly hosts: HostRule;
}

/** AMQP over WebSocket, and a page for those who look. */
export function httpServer(parts: HttpParts, accept: AcceptSocket): Server {
  return withUpgrade(createHttpServer(httpOptions, answererOf(parts)), parts, accept);
}

/** Answers to plain requests, and nothing else. */
export function plainServer(parts: Pick<HttpParts, 'answer' | 'hosts'>): HttpServer {
  const server = createHttpServer(httpOptions, answererOf(parts));
  return server.setTimeout(nodeLimits.httpIdleMs);
}

/** The same over TLS. */
export function httpsServer(tls: TlsOptions, parts: HttpParts, accept: AcceptSocket): Server {
  const options = { ...httpOptions, ...tls, handshakeTimeout: limits.handshakeMs };
  const server = createHttpsServer(options, answererOf(parts));
  nameByCertificates(server, tls.loginFrom);
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (showsForeignCertificate(socket)) socket.destroy();
  });
  return withUpgrade(server, parts, accept);
}

/** Answers requests to a name that is served; others are told that they are misdirected. */
function answererOf({ answer, hosts }: Pick<HttpParts, 'answer' | 'hosts'>): RequestListener {
  return (request, response) => {
    if (isServed(hosts, request)) return answer(request, response);
    response.writeHead(421, { 'Content-Type': 'text/plain; charset=utf-8', 'Connection': 'close' });
    response.end(MISDIRECTED);
  };
}

function isServed(hosts: HostRule, { headers, socket }: IncomingMessage): boolean {
  return hosts.allows(withoutMapping(socket.remoteAddress ?? ''), headers.host);
}

function withUpgrade<S extends HttpServer | HttpsServer>(
  server: S,
  parts: HttpParts,
  accept: AcceptSocket,
): S {
  server.setTimeout(nodeLimits.httpIdleMs);
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    const wantsWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    if (!wantsWebSocket) return answerPlainly(request, socket as Socket, answererOf(parts));
    if (isServed(parts.hosts, request)) {
      parts.webSockets.upgrade(request, socket as Socket, head, accept);
    } else {
      refuse(socket as Socket, { status: '421 Misdirected Request', text: MISDIRECTED });
    }
  });
  return server;
}

/**
 * Who offers another protocol, as many clients offer HTTP/2, is answered as if it had not, and
 * then hung up on. [RFC 9110 7.8 Upgrade]
 */
function answerPlainly(request: IncomingMessage, socket: Socket, answer: RequestListener): void {
  // The server has let go of the socket, and with it of its errors and its time.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(limits.handshakeMs, () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  answer(request, response);
}
