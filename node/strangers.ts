import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { Log } from './log.ts';
import { networkOf } from './peer-address.ts';
import { endsOf } from './socket-ends.ts';

/** A connection whose client has yet to open it: nobody knows who that is. */
interface Stranger {
  /** The connection as the kernel has it, without TLS. */
  readonly socket: Socket;
  readonly network: string;
  /** When it came, or when its last request was answered. */
  since: number;
  /** A request of it is being answered, which may take its time. */
  answering: boolean;
}

/**
 * Everybody who was let in and has not opened a connection yet: whoever speaks no AMQP, has no
 * password, has yet to say something, or only asks a page over HTTP. There is room for so many of
 * them and each has so much time, whichever way it came in by, so that they cost next to nothing
 * and keep no client out.
 */
export class Strangers {
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'write'>;
  readonly #max: number;
  /** By the two ends of the connection, which TLS over it shows too. Oldest first. */
  readonly #all = new Map<string, Stranger>();
  readonly #byNetwork = new Map<string, Map<string, Stranger>>();
  #cancelDeadline: Cancel | undefined;
  /** Dropped for want of room since that was last logged, and when it was. */
  #dropped = 0;
  #loggedAt = -Infinity;

  /** `max`: how many there may be. Default: `nodeLimits.strangersMax`. */
  constructor(clock: Clock, log: Pick<Log, 'write'>, max: number = nodeLimits.strangersMax) {
    this.#clock = clock;
    this.#log = log;
    this.#max = max;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Memory that they take, at most. */
  get bytes(): number {
    return this.count * nodeLimits.strangerBytes;
  }

  /** Takes in a connection that was just accepted; false: there is no room, and it is to go. */
  admit(socket: Socket): boolean {
    const key = endsOf(socket);
    // It went before anybody looked.
    if (key === undefined) return false;
    const network = networkOf(socket.remoteAddress!);
    if (this.#all.size >= this.#max && !this.#makeRoom(network)) {
      this.#tellOfDrop();
      return false;
    }
    const since = this.#clock.now();
    this.#add(key, { socket, network, since, answering: false });
    socket.once('close', () => this.#remove(key));
    return true;
  }

  /** The client opened a connection. `socket` may be the one of TLS. */
  known(socket: Socket): void {
    const key = endsOf(socket);
    if (key !== undefined) this.#remove(key);
  }

  /** A whole request came: until it is answered no deadline runs. */
  answering(socket: Socket): void {
    const stranger = this.#find(socket);
    if (stranger !== undefined) stranger.answering = true;
  }

  /** The request was answered: what comes next has a deadline of its own. */
  answered(socket: Socket): void {
    const stranger = this.#find(socket);
    if (stranger === undefined) return;
    const key = endsOf(socket)!;
    this.#remove(key);
    this.#add(key, { ...stranger, since: this.#clock.now(), answering: false });
  }

  #find(socket: Socket): Stranger | undefined {
    return this.#all.get(endsOf(socket) ?? '');
  }

  #add(key: string, stranger: Stranger): void {
    this.#all.set(key, stranger);
    const neighbours = this.#byNetwork.get(stranger.network) ?? new Map<string, Stranger>();
    this.#byNetwork.set(stranger.network, neighbours.set(key, stranger));
    this.#watchDeadline();
  }

  #remove(key: string): void {
    const stranger = this.#all.get(key);
    if (stranger === undefined) return;
    this.#all.delete(key);
    const neighbours = this.#byNetwork.get(stranger.network)!;
    neighbours.delete(key);
    if (neighbours.size === 0) this.#byNetwork.delete(stranger.network);
    if (this.#all.size > 0) return;
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  /**
   * Drops who has been there longest: first of the newcomer's own network, so that a crowd from
   * one place is at its own expense. Who only just came is spared, or of a thousand clients that
   * come back at once none would get through.
   */
  #makeRoom(network: string): boolean {
    const oldestBefore = this.#clock.now() - nodeLimits.strangerGraceMs;
    for (const crowd of [this.#byNetwork.get(network), this.#all]) {
      const [oldest] = crowd ?? [];
      if (oldest === undefined || oldest[1].since > oldestBefore) continue;
      this.#drop(...oldest);
      this.#tellOfDrop();
      return true;
    }
    return false;
  }

  #drop(key: string, { socket }: Stranger): void {
    this.#remove(key);
    socket.destroy();
  }

  /** All have the same time, so one timer does for the oldest. */
  #watchDeadline(): void {
    if (this.#cancelDeadline !== undefined) return;
    const due = this.#firstDue();
    if (due === Infinity) return;
    this.#cancelDeadline = this.#clock.setTimer(due - this.#clock.now(), () => {
      this.#cancelDeadline = undefined;
      this.#dropLate();
      this.#watchDeadline();
    }, 'a stranger has yet to open a connection');
  }

  /** When the first of those who have a deadline is late. */
  #firstDue(): number {
    for (const { since, answering } of this.#all.values()) {
      if (!answering) return since + nodeLimits.strangerMs;
    }
    return Infinity;
  }

  #dropLate(): void {
    const latest = this.#clock.now() - nodeLimits.strangerMs;
    for (const [key, stranger] of this.#all) {
      if (stranger.since > latest) return;
      if (!stranger.answering) this.#drop(key, stranger);
    }
  }

  /** A crowd fills no log: it is told of now and then. */
  #tellOfDrop(): void {
    this.#dropped++;
    const now = this.#clock.now();
    if (now - this.#loggedAt < nodeLimits.strangersLogMs) return;
    const text = 'dropped strangers: too many have yet to open a connection';
    const facts = { strangersMax: this.#max, dropped: this.#dropped };
    this.#log.write('gateway', 'warn', text, facts);
    this.#dropped = 0;
    this.#loggedAt = now;
  }
}
