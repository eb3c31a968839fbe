import { createServer as createHttpServer, ServerResponse, type RequestListener } from 'node:http';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { limits } from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { Accept } from './doors.ts';
import { TcpTransport } from './tcp.ts';
import { showsForeignCertificate, type TlsOptions } from './tls.ts';
import type { WebSocketAcceptor } from './websocket.ts';

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

/** AMQP over TCP. */
export function tcpServer(accept: Accept): Server {
  return createTcpServer(streamOptions, (socket) => accept(new TcpTransport(socket)));
}

/** AMQP over TLS. */
export function tlsServer(tls: TlsOptions, accept: Accept): Server {
  const options = { ...streamOptions, ...tls, handshakeTimeout: limits.handshakeMs };
  return createTlsServer(options, (socket) => {
    if (showsForeignCertificate(socket)) socket.destroy();
    else accept(new TcpTransport(socket));
  });
}

export interface HttpParts {
  readonly answer: RequestListener;
  readonly webSockets: WebSocketAcceptor;
}

/** AMQP over WebSocket, and a page for those who look. */
export function httpServer(parts: HttpParts, accept: Accept): Server {
  return withUpgrade(createHttpServer(httpOptions, parts.answer), parts, accept);
}

/** The same over TLS. */
export function httpsServer(tls: TlsOptions, parts: HttpParts, accept: Accept): Server {
  const options = { ...httpOptions, ...tls, handshakeTimeout: limits.handshakeMs };
  const server = createHttpsServer(options, parts.answer);
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (showsForeignCertificate(socket)) socket.destroy();
  });
  return withUpgrade(server, parts, accept);
}

function withUpgrade<S extends Pick<HttpServer, 'on'>>(
  server: S,
  { answer, webSockets }: HttpParts,
  accept: Accept,
): S {
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    const wantsWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    if (wantsWebSocket) webSockets.upgrade(request, socket as Socket, head, accept);
    else answerPlainly(request, socket as Socket, answer);
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
