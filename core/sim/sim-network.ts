import { BehaviorSubject, Observable, Subject, Subscription } from 'rxjs';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import type { PeerInfo, Serve } from '../ports.ts';
import { concat } from '../protocol/bytes.ts';
import type { Chance } from './chance.ts';

/** What the network does to the bytes that it carries. */
export interface NetworkManners {
  /** Longest time that bytes take, in milliseconds. */
  readonly delayMs: number;
  /** How often a chunk arrives in pieces, and how often together with those behind it; of 1. */
  readonly splits: number;
  readonly merges: number;
  /** How often bytes are held up for `clogMs`, of 1. */
  readonly clogs: number;
  readonly clogMs: number;
  /** Bytes on their way at which the sender is told to wait. */
  readonly unsentBytesMax: number;
}

/** A network at its best. */
export const QUIET: NetworkManners = {
  delayMs: 0, splits: 0, merges: 1, clogs: 0, clogMs: 0, unsentBytesMax: 1_048_576,
};

/** Sees what goes through the broker's end of a link, just before it does. */
export interface LinkWatch {
  received(chunk: Uint8Array): void;
  /** What the broker's end heard last has been dealt with. */
  dealtWith(): void;
  /** `wanted`: the sender was not told to wait. */
  sent(chunk: Uint8Array, wanted: boolean): void;
  /**
   * The broker's end is about to be gone: at once, or behind what it has yet to read, and then it
   * is heard of again. Whether it is gone.
   */
  ending(behindInput: boolean): boolean;
}

const PEER: PeerInfo = {
  transport: 'tcp', address: '127.0.0.1', port: 5672, loopback: true, secure: false,
};

/** One direction of a link. */
class Lane {
  readonly chunks$ = new Subject<Uint8Array>();
  readonly writable$ = new BehaviorSubject(true);
  deliver: (chunk: Uint8Array) => void = (chunk) => this.chunks$.next(chunk);
  finish: () => void = () => this.chunks$.complete();
  /** The sender was told that it may go on, and has dealt with that. */
  wentOn: () => void = () => {};
  manners: NetworkManners;
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #reading = true;
  #ended = false;
  #cut = false;
  #scheduled = false;

  constructor(clock: VirtualClock, chance: Chance, manners: NetworkManners) {
    this.#clock = clock;
    this.#chance = chance;
    this.manners = manners;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended || this.#cut || chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > this.manners.unsentBytesMax && this.writable$.value) {
      this.writable$.next(false);
    }
    this.#schedule(this.#delay());
  }

  end(): void {
    this.#ended = true;
    this.#schedule(this.#delay());
  }

  /** Nothing arrives any more, not even the end. */
  cut(): void {
    this.#cut = true;
    this.#waiting.length = 0;
  }

  setReading(on: boolean): void {
    this.#reading = on;
    if (on) this.#schedule(0);
  }

  #delay(): number {
    const { delayMs, clogs, clogMs } = this.manners;
    const usual = Math.floor(this.#chance.next() * delayMs);
    return this.#chance.happens(clogs) ? usual + clogMs : usual;
  }

  #schedule(delayMs: number): void {
    if (this.#scheduled || this.#cut) return;
    this.#scheduled = true;
    this.#clock.setTimer(delayMs, () => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    if (!this.#reading || this.#cut) return;
    const chunk = this.#take();
    if (chunk !== undefined) {
      this.#bytes -= chunk.length;
      this.deliver(chunk);
    }
    if (this.#cut) return;
    if (this.#waiting.length > 0) this.#schedule(this.#delay());
    else if (this.#ended) this.#finish();
    else if (!this.writable$.value) {
      this.writable$.next(true);
      this.wentOn();
    }
  }

  #finish(): void {
    this.#cut = true;
    this.finish();
  }

  /** What arrives next: a chunk as it was sent, a part of it, or several at once. */
  #take(): Uint8Array | undefined {
    const first = this.#waiting.shift();
    if (first === undefined) return undefined;
    const { splits, merges } = this.manners;
    if (this.#chance.happens(splits) && first.length > 1) {
      const end = this.#chance.between(1, Math.min(first.length - 1, 64));
      this.#waiting.unshift(first.subarray(end));
      return first.slice(0, end);
    }
    if (this.#waiting.length === 0 || !this.#chance.happens(merges)) return first;
    return concat([first, ...this.#waiting.splice(0)]);
  }
}

/** A connection through the network, from the side of whoever may break it. */
export class SimLink {
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  readonly #server = new Subscription();
  readonly #client = new Subscription();
  readonly #watch: LinkWatch;
  #serverGone = false;
  #clientGone = false;

  constructor(
    clock: VirtualClock, chance: Chance, manners: NetworkManners, watch: LinkWatch,
    client: Serve, server: Serve,
  ) {
    this.#watch = watch;
    this.#toServer = new Lane(clock, chance, manners);
    this.#toClient = new Lane(clock, chance, manners);
    const { deliver, finish } = this.#toServer;
    this.#toServer.deliver = (chunk) => {
      watch.received(chunk);
      deliver(chunk);
      watch.dealtWith();
    };
    this.#toClient.wentOn = () => watch.dealtWith();
    this.#toServer.finish = () => {
      this.#endServer(true);
      finish();
      watch.dealtWith();
    };
    this.#server.add(join(server, this.#toServer, this.#toClient, {
      next: (chunk) => watch.sent(chunk, this.#toClient.writable$.value),
      complete: () => this.#endServer(),
    }));
    this.#client.add(join(client, this.#toClient, this.#toServer, {
      complete: () => (this.#clientGone = true),
    }));
    watch.dealtWith();
  }

  get gone(): boolean {
    return this.#serverGone && this.#clientGone;
  }

  setManners(manners: NetworkManners): void {
    this.#toServer.manners = manners;
    this.#toClient.manners = manners;
  }

  /** The client stops reading, or goes on. */
  setClientReading(on: boolean): void {
    this.#toClient.setReading(on);
  }

  /** The client's stream ends, while it would read on. */
  halfClose(): void {
    this.#toServer.end();
  }

  /** The connection is lost, with all that is on its way; each end hears of it. */
  reset(): void {
    this.#cutBoth();
    if (!this.#serverGone) {
      this.#endServer();
      this.#toServer.chunks$.error(new Error('connection reset'));
      this.#server.unsubscribe();
      this.#watch.dealtWith();
    }
    this.#resetClient();
  }

  /** The process of the broker is gone: it does nothing more, and the client is told. */
  loseServer(): void {
    this.#cutBoth();
    this.#serverGone = true;
    this.#resetClient();
  }

  #cutBoth(): void {
    this.#toServer.cut();
    this.#toClient.cut();
  }

  #endServer(behindInput = false): void {
    if (this.#serverGone) return;
    this.#serverGone = this.#watch.ending(behindInput);
  }

  #resetClient(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    this.#toClient.chunks$.error(new Error('connection reset'));
    this.#client.unsubscribe();
  }
}

function join(
  serve: Serve, inbound: Lane, outbound: Lane,
  see: { next?: (chunk: Uint8Array) => void; complete: () => void },
): Subscription {
  const chunks$ = new Observable<Uint8Array>((chunks) => inbound.chunks$.subscribe(chunks));
  const link = {
    peer: PEER,
    writable$: outbound.writable$,
    setReading: (on: boolean) => inbound.setReading(on),
  };
  return serve(chunks$, link).subscribe({
    next: (chunk) => {
      see.next?.(chunk);
      outbound.push(chunk);
    },
    complete: () => {
      see.complete();
      outbound.end();
    },
  });
}
