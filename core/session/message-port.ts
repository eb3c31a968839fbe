import { Observable, Subject } from 'rxjs';
import type { Cancel, PeerInfo, Serve } from '../ports.ts';
import { MEMORY_PEER } from './pair.ts';
import { serveTransport, type Transport, type TransportEnv, type Written } from './transport.ts';

/** What is used of a MessagePort, a browser's or Node's. */
export interface PortLike {
  /** Sends a value to the other end, and gives the buffers away. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Listens for `message` or `messageerror`. */
  addEventListener(type: string, listener: (event: PortEvent) => void): void;
  /** Listens no more. */
  removeEventListener(type: string, listener: (event: PortEvent) => void): void;
  /** Lets messages through that wait. */
  start(): void;
  /** Ends the port; its other end hears nothing more. */
  close(): void;
}

/** An event of a MessagePort. */
export interface PortEvent {
  readonly type: string;
  readonly data?: unknown;
}

/**
 * What goes over a port: chunks as ArrayBuffers of their own, and these words. `opened` says that
 * somebody listens. `taken` answers each chunk, once its reader has it: this is the back-pressure
 * that a port itself has not.
 */
const words = { opened: 'opened', taken: 'taken', end: 'end', abort: 'abort' } as const;

/**
 * What who hands over a port may post on it before: its other end is lost once any of these lives
 * has ended. Nobody else could tell, where a port goes to somebody who is gone already.
 */
export interface LivesWord {
  readonly kind: 'lives';
  readonly lives: readonly string[];
}

/** Calls back once a life has ended. `isOpen` tells whether the other end has been heard of. */
export type WatchLife = (life: string, run: () => void, isOpen: () => boolean) => Cancel;

const watchNone: WatchLife = () => () => {};

interface Unreported {
  readonly bytes: number;
  readonly written: Written;
}

/** One end of a pair of MessagePorts as a transport; the other end is one as well. */
export class PortTransport implements Transport {
  readonly peer: PeerInfo = MEMORY_PEER;
  readonly inbound: Observable<Uint8Array>;
  unsentBytes = 0;
  readonly #port: PortLike;
  readonly #inbound = new Subject<Uint8Array>();
  readonly #opened = new Subject<void>();
  readonly #closed = new Subject<void>();
  readonly #unreported: Unreported[] = [];
  /** Chunks, and the end, that came while nobody read. */
  #held: unknown[] = [];
  #reading = true;
  #isOpen = false;
  #left = false;
  readonly #watchLife: WatchLife;
  #watches: readonly Cancel[] | undefined;

  /** `watchLife` tells when the lives end that the other end depends on; default: nobody does. */
  constructor(port: PortLike, watchLife: WatchLife = watchNone) {
    this.#port = port;
    this.#watchLife = watchLife;
    this.inbound = new Observable((inbound) => {
      inbound.add(this.#inbound.subscribe(inbound));
      port.addEventListener('message', this.#onMessage);
      // Not every browser tells that the other end is gone; those that do not wait for heartbeats.
      port.addEventListener('close', this.#onClose);
      port.start();
      port.postMessage(words.opened, []);
    });
  }

  write(chunk: Uint8Array, written: Written): void {
    this.unsentBytes += chunk.length;
    this.#unreported.push({ bytes: chunk.length, written });
    // The chunk may be part of a larger buffer, which its owner will fill again.
    const { buffer } = new Uint8Array(chunk);
    this.#port.postMessage(buffer, [buffer]);
  }

  /** Takes what comes in, or lets it wait at the other end. */
  setReading(on: boolean): void {
    this.#reading = on;
    if (!on) return;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.#take(message);
  }

  end(): void {
    this.#leave(words.end);
  }

  /** Ends the connection at once, as a cable that is cut. */
  destroy(): void {
    this.#leave(words.abort);
  }

  /** Calls `run` once the other end listens. */
  whenOpened(run: () => void): void {
    this.#opened.subscribe({ complete: run });
  }

  whenClosed(run: () => void): void {
    this.#closed.subscribe({ complete: run });
  }

  /** What was posted before still arrives: closing a port loses nothing that is on its way. */
  #leave(word: string): void {
    if (this.#left) return;
    this.#port.postMessage(word, []);
    this.#close();
  }

  #close(): void {
    if (this.#left) return;
    this.#left = true;
    this.#port.removeEventListener('message', this.#onMessage);
    this.#port.removeEventListener('close', this.#onClose);
    this.#port.close();
    for (const stop of this.#watches ?? []) stop();
    this.#closed.complete();
  }

  readonly #onMessage = ({ data }: PortEvent): void => {
    if (data === words.taken) this.#report();
    else if (data === words.opened) this.#open();
    else if (isLivesWord(data)) this.#watch(data.lives);
    else this.#take(data);
  };

  #open(): void {
    this.#isOpen = true;
    this.#opened.complete();
  }

  #watch(lives: readonly string[]): void {
    this.#watches ??= lives.map((life) =>
      this.#watchLife(life, this.#onClose, () => this.#isOpen));
  }

  readonly #onClose = (): void => this.#take(words.abort);

  #report(): void {
    const oldest = this.#unreported.shift();
    if (oldest === undefined) return;
    this.unsentBytes -= oldest.bytes;
    oldest.written();
  }

  #take(message: unknown): void {
    if (!this.#reading) {
      this.#held.push(message);
    } else if (message instanceof ArrayBuffer) {
      // First, so that a sender never sees the answer to what it still counts as unsent.
      this.#port.postMessage(words.taken, []);
      this.#inbound.next(new Uint8Array(message));
    } else if (message === words.end) {
      this.#inbound.complete();
      this.#close();
    } else {
      this.#inbound.error(new Error('the other end of the MessagePort is gone'));
      this.#close();
    }
  }
}

function isLivesWord(data: unknown): data is LivesWord {
  const { kind, lives } = (data ?? {}) as Partial<LivesWord>;
  return kind === 'lives' && Array.isArray(lives);
}

/**
 * Serves whoever holds the other end of a pair of MessagePorts, as a broker in a tab or a worker
 * does: `servePort(port, broker.serve, env).subscribe()`. Completes when the link has closed;
 * unsubscribing drops it. The pool is best the one of the broker.
 */
export function servePort(port: PortLike, serve: Serve, env: TransportEnv): Observable<never> {
  return new Observable((connection) =>
    serveTransport(new PortTransport(port), serve, env).subscribe(connection));
}
