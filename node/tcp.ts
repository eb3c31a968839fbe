import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Observable, Subject } from 'rxjs';
import type { PeerInfo, Transport, Written } from '../core/index.ts';
import { certificateNameOf } from './certificate-name.ts';
import { isLoopback, withoutMapping } from './peer-address.ts';

/** A connection that a server accepted, as a transport. */
export interface AcceptedTransport extends Transport {
  /** What it is over: of TLS where it is encrypted. */
  readonly socket: Socket;
  opened(): void;
  /** Calls `run` once the client has opened a connection. */
  whenOpened(run: () => void): void;
}

/** A transport over a socket, which can break as sockets do. */
export interface SocketTransport extends AcceptedTransport {
  /** Octets that the socket took in and gave out so far, framing and all. */
  readonly socketBytes: SocketBytes;
  /** Drops the connection with a TCP reset, as when the other machine crashed. */
  reset(): void;
}

export interface SocketBytes {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** A TCP connection, plain or encrypted, as a transport. */
export class TcpTransport implements SocketTransport {
  readonly peer: PeerInfo;
  readonly inbound: Observable<Uint8Array>;
  readonly socket: Socket;
  readonly #opened = new Subject<never>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.peer = peerOf(socket, 'tcp');
    // The listeners outlive the subscription: a socket without one for errors ends the process.
    this.inbound = new Observable((inbound) => {
      socket.on('data', (chunk: Buffer) => inbound.next(bytesOf(chunk)));
      socket.on('end', () => inbound.complete());
      socket.on('error', (error) => inbound.error(error));
      socket.on('close', () => inbound.complete());
    });
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  get socketBytes(): SocketBytes {
    return this.socket;
  }

  write(chunk: Uint8Array, written: Written): void {
    this.socket.write(chunk, written);
  }

  setReading(on: boolean): void {
    if (on) this.socket.resume();
    else this.socket.pause();
  }

  opened(): void {
    this.#opened.complete();
  }

  whenOpened(run: () => void): void {
    this.#opened.subscribe({ complete: run });
  }

  end(): void {
    this.socket.end();
    // Reads on to the peer's FIN: to close over unread bytes would send a reset, which may
    // overtake our last frames.
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  whenClosed(run: () => void): void {
    this.socket.once('close', run);
  }
}

/** The same bytes without the methods of Buffer, whose `slice` shares memory. */
export function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

export function peerOf(socket: Socket, transport: PeerInfo['transport']): PeerInfo {
  const address = withoutMapping(socket.remoteAddress ?? '');
  const certificateName = certificateNameOf(socket);
  return {
    transport,
    address,
    port: socket.remotePort ?? 0,
    loopback: isLoopback(address),
    secure: socket instanceof TLSSocket,
    local: {
      address: withoutMapping(socket.localAddress ?? ''), port: socket.localPort ?? 0,
    },
    ...(certificateName !== undefined && { certificateName }),
  };
}
