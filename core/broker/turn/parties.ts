import { limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import { Fifo } from './fifo.ts';

/** Share of a round that those who had little so far may have before the others. */
const FRESH_SHARE = 0.75;
/** Share of a round after which its end is waited for. */
const ROUND_BEGINS_AT = 0.25;

/**
 * Somebody whose work may take more than one turn: a connection with input, queues with messages
 * to deliver or to expire, dead letters, a purge.
 */
export class Party {
  /** Does a part of its work in a turn of its own; whether more is left. */
  readonly goOn: () => boolean;
  /** Whether it is in line. */
  waits = false;
  /** What it may do when it is its turn, and what it did too much. */
  credit = 0;
  /** Work of late: it halves with each round. */
  used = 0;
  usedIn = 0;

  constructor(goOn: () => boolean) {
    this.goOn = goOn;
  }
}

/**
 * Shares turns between all who have work, by the work that they do (deficit round robin). One
 * after the other gets its share, and whoever had little of late comes before those who had much.
 * When a round has done the work of a turn, timers, sockets and signals come first, and then the
 * next round. Who is alone has all of a round, and who comes while nobody waits is served at once.
 */
export class Parties {
  /** Work that was done since the start; who does some adds it here. */
  work = 0;
  /** Called when one of them had its share, and all of that was sent. */
  served: () => void = () => {};
  /** Work of a round, and of each of several in it. */
  readonly roundWork: number;
  readonly shareWork: number;
  readonly #clock: Clock;
  readonly #fresh = new Fifo<Party>();
  readonly #others = new Fifo<Party>();
  /** What the one who is served may do. */
  #granted: number | undefined;
  #round = 0;
  #roundBegan = 0;
  #roundEnds = false;

  constructor(clock: Clock, roundWork: number) {
    this.#clock = clock;
    this.roundWork = roundWork;
    this.shareWork = Math.max(1, Math.floor(roundWork * limits.turnShare));
  }

  /** Whether anybody is in line. */
  get anyWaits(): boolean {
    return this.#fresh.length + this.#others.length > 0;
  }

  /** What a turn that begins now may do. */
  get allowance(): number {
    if (this.#granted !== undefined) return this.#granted;
    return this.anyWaits ? this.shareWork : Math.max(this.#left, this.shareWork);
  }

  /** Whether the party may go on at once; if not, it is in line, and is called. */
  admit(party: Party): boolean {
    if (party.waits) return false;
    if (!this.anyWaits && this.#granted === undefined && this.#left > 0) return true;
    this.add(party);
    return false;
  }

  /** Puts the party in line, unless it is there. */
  add(party: Party): void {
    if (party.waits) return;
    party.waits = true;
    if (this.isFresh(party)) this.#fresh.push(party);
    else this.#others.push(party);
    this.#awaitRound();
  }

  /** The same behind all who are in line: for what others left. */
  addLast(party: Party): void {
    if (party.waits) return;
    party.waits = true;
    this.#others.push(party);
    this.#awaitRound();
  }

  /** Whether the party had little of late. */
  isFresh(party: Party): boolean {
    return this.#usedOf(party) < this.shareWork / 4;
  }

  /** The party did so much work. */
  charge(party: Party, cost: number): void {
    party.used = this.#usedOf(party) + cost;
    party.usedIn = this.#round;
  }

  /** A turn is over. */
  turnEnded(): void {
    if (this.work - this.#roundBegan > this.roundWork * ROUND_BEGINS_AT) this.#awaitRound();
  }

  get #left(): number {
    return this.#roundBegan + this.roundWork - this.work;
  }

  #usedOf({ used, usedIn }: Party): number {
    return used / 2 ** (this.#round - usedIn);
  }

  #awaitRound(): void {
    if (this.#roundEnds) return;
    this.#roundEnds = true;
    this.#clock.defer(() => this.#runRound());
  }

  #runRound(): void {
    this.#roundEnds = false;
    this.#round++;
    this.#roundBegan = this.work;
    while (this.#left > 0) {
      const party = this.#next();
      if (party === undefined) return;
      this.#serve(party);
    }
    if (this.anyWaits) this.#awaitRound();
  }

  #next(): Party | undefined {
    const freshFirst = this.#left > this.roundWork * (1 - FRESH_SHARE);
    const [first, second] = freshFirst ? [this.#fresh, this.#others] : [this.#others, this.#fresh];
    return first.shift() ?? second.shift();
  }

  #serve(party: Party): void {
    const isAlone = !this.anyWaits;
    party.credit = Math.min(party.credit + this.shareWork, this.shareWork);
    // A turn of next to nothing would cost more than it does.
    if (!isAlone && party.credit * 2 < this.shareWork) {
      this.#others.push(party);
      return;
    }
    const before = this.work;
    this.#granted = isAlone ? this.#left : party.credit;
    let more = false;
    try {
      more = party.goOn();
    } finally {
      this.#granted = undefined;
      const cost = this.work - before;
      this.charge(party, cost);
      party.credit = isAlone
        ? 0
        : Math.max(party.credit - cost, -limits.turnDebtShares * this.shareWork);
      if (more) this.#others.push(party);
      else party.waits = false;
    }
    this.served();
  }
}
