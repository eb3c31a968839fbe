import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Observable } from 'rxjs';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { PeerInfo, Written } from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { OriginRule } from './origin.ts';
import { bytesOf, peerOf, type SocketBytes, type SocketTransport } from './tcp.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const ABNORMAL_CLOSURE = 1006;

const AMQP_SUBPROTOCOL = /^amqp/i;

/** A WebSocket as a transport: binary messages, whose bounds mean nothing on the way in. */
export class WebSocketTransport implements SocketTransport {
  readonly peer: PeerInfo;
  readonly inbound: Observable<Uint8Array>;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.peer = peerOf(socket, 'websocket');
    this.inbound = new Observable((inbound) => {
      webSocket.on('message', (data: RawData, isBinary: boolean) => {
        if (isBinary) return inbound.next(bytesOf(data as Buffer));
        webSocket.close(UNSUPPORTED_DATA, 'AMQP is binary');
        inbound.error(new Error('the peer sent a text message'));
      });
      webSocket.on('error', (error) => inbound.error(error));
      webSocket.on('close', (code) => {
        if (code !== ABNORMAL_CLOSURE) return inbound.complete();
        inbound.error(new Error('the connection was lost without a WebSocket close'));
      });
    });
  }

  get unsentBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  get socketBytes(): SocketBytes {
    return this.#socket;
  }

  /** A chunk is whole frames, so a message never ends inside one. WSK-09. */
  write(chunk: Uint8Array, written: Written): void {
    this.#webSocket.send(chunk, written);
  }

  setReading(on: boolean): void {
    if (on) this.#webSocket.resume();
    else this.#webSocket.pause();
  }

  end(): void {
    this.#webSocket.resume();
    this.#webSocket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  whenClosed(run: () => void): void {
    this.#webSocket.once('close', run);
  }
}

/** Answers HTTP requests to become a WebSocket, at any path. WSK-05. */
export class WebSocketAcceptor {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: nodeLimits.webSocketMessageBytesMax,
    maxFragments: nodeLimits.webSocketFragmentsMax,
    // Several subprotocols may be offered and none need be: a client that offered none fails
    // when it is answered one. WSK-08.
    handleProtocols: (offered) => {
      return [...offered].find((token) => AMQP_SUBPROTOCOL.test(token)) ?? false;
    },
  });
  readonly #origins: OriginRule;

  constructor(origins: OriginRule) {
    this.#origins = origins;
  }

  /** Calls `accepted` unless the request is refused, which its socket is told. */
  upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    accepted: (transport: SocketTransport) => void,
  ): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refuse(socket, refusal);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      accepted(new WebSocketTransport(webSocket, socket));
    });
  }

  /** What ws does not refuse itself: another version than 13, and a page from elsewhere. */
  #refusal({ headers }: IncomingMessage): Refusal | undefined {
    if (headers['sec-websocket-version'] !== '13') {
      return { status: '426 Upgrade Required', header: 'Sec-WebSocket-Version: 13' };
    }
    if (!this.#origins.allows(headers.origin, headers.host)) return { status: '403 Forbidden' };
    return undefined;
  }
}

interface Refusal {
  readonly status: string;
  readonly header?: string;
}

function refuse(socket: Socket, { status, header }: Refusal): void {
  const lines = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0'];
  if (header !== undefined) lines.push(header);
  // The peer may be gone already; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
}
