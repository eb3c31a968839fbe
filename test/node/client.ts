/** Clients that know bytes and nothing of AMQP, over TCP and over WebSocket alike. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import { WebSocket, type RawData } from 'ws';
import { within } from '../clients/waiting.ts';
import type { OpenDoors } from './doors.ts';

export interface ByteClient {
  send(bytes: Uint8Array): void;
  /** Bytes that were sent and are not on their way yet. */
  readonly unsentBytes: number;
  /** The first `count` bytes received, once they are there. */
  received(count: number): Promise<Buffer>;
  readonly receivedBytes: number;
  /** Resolves when the peer has closed: true if in good order. */
  readonly closed: Promise<boolean>;
  pause(): void;
  resume(): void;
  /** Closes in good order. */
  end(): void;
  /** Breaks the connection. */
  reset(): void;
}

/** Collects bytes until as many are there as somebody waits for. */
class Received {
  readonly #chunks: Buffer[] = [];
  bytes = 0;
  #check = (): void => {};

  readonly add = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.#check();
  };

  atLeast(count: number): Promise<Buffer> {
    const enough = new Promise<Buffer>((resolve) => {
      this.#check = () => {
        if (this.bytes >= count) resolve(Buffer.concat(this.#chunks).subarray(0, count));
      };
      this.#check();
    });
    return within(`${count} bytes`, enough);
  }
}

export type SocketClient = ByteClient & { readonly socket: Socket };

export async function tcpClient({ tcpPort }: Pick<OpenDoors, 'tcpPort'>): Promise<SocketClient> {
  const socket = connectTcp({ host: '127.0.0.1', port: tcpPort, allowHalfOpen: true });
  const client = socketClient(socket, () => socket.resetAndDestroy());
  await within('a TCP connection', once(socket, 'connect'));
  return client;
}

export async function tlsClient({ tlsPort }: Pick<OpenDoors, 'tlsPort'>, ca: Buffer): Promise<SocketClient> {
  const tcp = connectTcp({ host: '127.0.0.1', port: tlsPort, allowHalfOpen: true });
  // A socket that TLS took over can no longer be reset; one that it only reads and writes can.
  const stream = Duplex.from({ readable: tcp, writable: tcp });
  const socket = connectTls({ socket: stream, servername: 'localhost', ca });
  const client = socketClient(socket, () => tcp.resetAndDestroy());
  await within('a TLS connection', once(socket, 'secureConnect'));
  return client;
}

function socketClient(socket: Socket, reset: () => void): SocketClient {
  onTestFinished(() => void socket.destroy());
  const received = new Received();
  const ended = new Promise<boolean>((resolve) => {
    socket.on('end', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
  socket.on('data', received.add);
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    get unsentBytes() {
      return socket.writableLength;
    },
    received: (count) => received.atLeast(count),
    get receivedBytes() {
      return received.bytes;
    },
    closed: within('the end of the connection', ended),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    reset,
  };
}

export async function webSocketClient({ httpPort }: Pick<OpenDoors, 'httpPort'>): Promise<ByteClient> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}/ws/amqp`);
  onTestFinished(() => webSocket.terminate());
  const received = new Received();
  const closed = new Promise<boolean>((resolve) => {
    webSocket.on('close', (code) => resolve(code === 1000));
    webSocket.on('error', () => resolve(false));
  });
  webSocket.on('message', (data: RawData) => received.add(data as Buffer));
  await within('a WebSocket', once(webSocket, 'open'));
  return {
    send: (bytes) => webSocket.send(bytes),
    get unsentBytes() {
      return webSocket.bufferedAmount;
    },
    received: (count) => received.atLeast(count),
    get receivedBytes() {
      return received.bytes;
    },
    closed: within('the end of the WebSocket', closed),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    end: () => webSocket.close(1000),
    reset: () => webSocket.terminate(),
  };
}
