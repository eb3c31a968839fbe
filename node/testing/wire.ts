import type { Socket } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import {
  AmqpError, type PeerInfo, type ServerConnection, type Written,
} from '../../core/index.ts';
import { frameTypes } from '../../core/protocol/index.ts';
import type { AcceptedTransport, SocketBytes, SocketTransport } from '../tcp.ts';
import { FrameEnds } from './frame-ends.ts';
import type { Traffic } from './traffic.ts';

/** Seen from the broker: `in` comes from the client. */
export type Direction = 'in' | 'out';

/** A TCP reset, or connection.close with 320 CONNECTION_FORCED. */
export type DropKind = 'reset' | 'close';

/** That a wire is to be dropped once so many of the frames at hand have passed. */
export interface Drop {
  readonly frames: number;
  readonly kind: DropKind;
}

/** Decides which wire breaks, and when. */
export interface WireWatch {
  /** So many frames are about to pass; undefined: they may. */
  dropWithin(wire: Wire, direction: Direction, frames: number): Drop | undefined;
}

const NOTHING = new Uint8Array(0);

/** A transport that breaks when it is told to. */
export class Wire implements AcceptedTransport {
  readonly peer: PeerInfo;
  readonly inbound: Observable<Uint8Array>;
  readonly socket: Socket;
  /** The broker's side of the connection that it carries. */
  connection: ServerConnection | undefined;
  readonly #transport: SocketTransport;
  readonly #watch: WireWatch;
  readonly #traffic: Traffic;
  readonly #client: () => SocketBytes | undefined;
  readonly #framesIn = new FrameEnds(true);
  readonly #framesOut = new FrameEnds(false);
  #inbound: Subscriber<Uint8Array> | undefined;
  #reading = true;
  #deaf = false;
  /** What is written is lost: the break that is due waits for what went before it. */
  #mute = false;
  #broken = false;

  /** `client` is the other end, where it is in this process. */
  constructor(
    transport: SocketTransport, client: () => SocketBytes | undefined, watch: WireWatch,
    traffic: Traffic,
  ) {
    this.#transport = transport;
    this.#client = client;
    this.#watch = watch;
    this.#traffic = traffic;
    this.peer = transport.peer;
    this.socket = transport.socket;
    this.inbound = new Observable((inbound) => {
      this.#inbound = inbound;
      return transport.inbound.subscribe({
        next: (chunk) => this.#receive(chunk, inbound),
        error: (error: unknown) => inbound.error(error),
        complete: () => inbound.complete(),
      });
    });
    transport.whenClosed(() => traffic.moved());
  }

  /** Whether the test has the broker read nothing from it. */
  get deaf(): boolean {
    return this.#deaf;
  }

  set deaf(on: boolean) {
    this.#deaf = on;
    this.#setReading();
  }

  get unsentBytes(): number {
    return this.#transport.unsentBytes;
  }

  /** Octets that one end wrote and the other has not read; undefined where nobody can know. */
  get bytesOnTheWay(): number | undefined {
    const client = this.#client();
    if (client === undefined) return undefined;
    const { bytesRead, bytesWritten } = this.#transport.socketBytes;
    const inwards = this.#reading && !this.#deaf ? client.bytesWritten - bytesRead : 0;
    return inwards + bytesWritten - client.bytesRead;
  }

  /** Says that the client lives, as any byte of it would. CON-16. */
  vouch(): void {
    if (this.connection !== undefined) this.connection.session.received++;
  }

  write(chunk: Uint8Array, written: Written): void {
    if (this.#mute) {
      this.#transport.write(NOTHING, written);
      return;
    }
    if (chunk[0] !== frameTypes.heartbeat) this.#traffic.moved();
    const ends = this.#startsLikeFrame(chunk) ? this.#framesOut.next(chunk) : [];
    const drop = this.#watch.dropWithin(this, 'out', ends.length);
    if (drop === undefined) {
      this.#transport.write(chunk, written);
      return;
    }
    this.#mute = true;
    this.#transport.write(chunk.subarray(0, ends[drop.frames - 1]), (error) => {
      written(error);
      this.#mute = false;
      this.drop(drop.kind);
    });
  }

  setReading(on: boolean): void {
    this.#reading = on;
    this.#setReading();
  }

  opened(): void {
    this.#transport.opened();
  }

  whenOpened(run: () => void): void {
    this.#transport.whenOpened(run);
  }

  end(): void {
    this.#transport.end();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  whenClosed(run: () => void): void {
    this.#transport.whenClosed(run);
  }

  /** Breaks it now. What the client had unsettled is back in its queues when this returns. */
  drop(kind: DropKind): void {
    if (this.#broken) return;
    if (kind === 'close') {
      this.connection?.close(new AmqpError('CONNECTION_FORCED', 'closed by the test'));
      return;
    }
    this.#broken = true;
    this.#transport.reset();
    this.#inbound?.error(new Error('reset by the test'));
  }

  #receive(chunk: Uint8Array, inbound: Subscriber<Uint8Array>): void {
    if (this.#broken) return;
    const ends = this.#framesIn.next(chunk);
    const drop = this.#watch.dropWithin(this, 'in', ends.length);
    inbound.next(drop === undefined ? chunk : chunk.subarray(0, ends[drop.frames - 1]));
    if (drop !== undefined) this.drop(drop.kind);
    this.#traffic.moved();
  }

  #setReading(): void {
    this.#transport.setReading(this.#reading && !this.#deaf);
  }

  /** The one answer that is no frame is the protocol header, to a client of another protocol. */
  #startsLikeFrame(chunk: Uint8Array): boolean {
    return (chunk[0] ?? 0) <= frameTypes.heartbeat;
  }
}
