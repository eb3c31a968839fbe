import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Observable, Subject } from 'rxjs';
import type { RawData, ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { limits, type PeerInfo, type Written } from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { OriginRule } from './origin.ts';
import { bytesOf, peerOf, type SocketBytes, type SocketTransport } from './tcp.ts';
import { webSocketLibrary } from './web-socket-library.ts';

/** Close codes of RFC 6455, section 7.4.1. */
const MESSAGE_TOO_BIG = 1009;
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const ABNORMAL_CLOSURE = 1006;

const AMQP_SUBPROTOCOL = /^amqp/i;

/** A WebSocket as a transport: binary messages, whose bounds mean nothing on the way in. */
export class WebSocketTransport implements SocketTransport {
  readonly peer: PeerInfo;
  readonly inbound: Observable<Uint8Array>;
  readonly socket: Socket;
  readonly #opened = new Subject<never>();
  readonly #webSocket: WebSocket;

  constructor(webSocket: WebSocket, socket: Socket, origin?: string) {
    this.#webSocket = webSocket;
    this.socket = socket;
    this.peer = { ...peerOf(socket, 'websocket'), ...(origin !== undefined && { origin }) };
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
    return this.socket;
  }

  /** A chunk is whole frames, so a message never ends inside one. WSK-09. */
  write(chunk: Uint8Array, written: Written): void {
    this.#webSocket.send(chunk, written);
  }

  setReading(on: boolean): void {
    if (on) this.#webSocket.resume();
    else this.#webSocket.pause();
  }

  opened(): void {
    this.#opened.complete();
  }

  whenOpened(run: () => void): void {
    this.#opened.subscribe({ complete: run });
  }

  end(): void {
    this.#webSocket.resume();
    this.#webSocket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  whenClosed(run: () => void): void {
    this.#webSocket.once('close', run);
  }
}

/** Answers HTTP requests to become a WebSocket, at any path. WSK-05. */
export class WebSocketAcceptor {
  readonly #options: ServerOptions;
  readonly #origins: OriginRule;
  #server: WebSocketServer | undefined;

  /** `messageBytesMax`: the largest body of a message, which may come in one piece. */
  constructor(origins: OriginRule, messageBytesMax: number = limits.messageBytesMax) {
    this.#origins = origins;
    this.#options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.max(nodeLimits.webSocketMessageBytesMax, 2 * messageBytesMax),
      maxFragments: nodeLimits.webSocketFragmentsMax,
      // Several subprotocols may be offered and none need be: a client that offered none fails
      // when it is answered one. WSK-08.
      handleProtocols: (offered) => {
        return [...offered].find((token) => AMQP_SUBPROTOCOL.test(token)) ?? false;
      },
    };
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
    this.#server ??= new (webSocketLibrary().WebSocketServer)(this.#options);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const transport = new WebSocketTransport(webSocket, socket, request.headers.origin);
      boundInput(transport, webSocket);
      accepted(transport);
    });
  }

  /** What ws does not refuse itself: another version than 13, and a page from elsewhere. */
  #refusal({ headers }: IncomingMessage): Refusal | undefined {
    if (headers['sec-websocket-version'] !== '13') {
      return {
        status: '426 Upgrade Required', header: 'Sec-WebSocket-Version: 13',
        text: 'The version of the WebSocket protocol is 13.\n',
      };
    }
    if (this.#origins.allows(headers.origin, headers.host)) return undefined;
    const text = 'This web page may not connect: --allow-origin names those that may.\n';
    return { status: '403 Forbidden', text };
  }
}

/**
 * Drops a client that sends more than a handshake takes before it has opened a connection: messages
 * are taken in whole, and so a stranger could have a large one collected that it never ends.
 */
function boundInput(transport: WebSocketTransport, webSocket: WebSocket): void {
  const { socket } = transport;
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= nodeLimits.strangerInputBytesMax) return;
    webSocket.close(MESSAGE_TOO_BIG, 'too much before connection.open');
    webSocket.terminate();
  };
  socket.on('data', count);
  transport.whenOpened(() => {
    // The chunk in which it did so is still to be counted.
    bytes = -Infinity;
    socket.off('data', count);
  });
}

interface Refusal {
  readonly status: string;
  readonly header?: string;
  /** Says why, to a person. */
  readonly text: string;
}

/** Answers a request to become a WebSocket with a refusal, and hangs up. */
export function refuse(socket: Socket, { status, header, text }: Refusal): void {
  const lines = [
    `HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  if (header !== undefined) lines.push(header);
  // The peer may be gone already; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
