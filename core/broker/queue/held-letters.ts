import { limits } from '../../limits.ts';
import type { Cancel } from '../../ports.ts';
import type { Address } from '../message/address.ts';
import type { DeadLetterReason } from '../message/deaths.ts';
import { Fifo } from '../turn/fifo.ts';
import type { Keeper } from '../turn/keeper.ts';
import type { Destination } from '../turn/run.ts';
import type { Flushed } from '../turn/turn.ts';
import type { QueueFacts, QueueHost } from './queue-host.ts';
import { offerLetter, prepareLetter, tellOfLetter } from './dead-letter.ts';

/** The reasons for which a message is held, by the number under which the journal has each. */
const reasons = [undefined, 'expired', 'rejected', 'delivery_limit'] as const;

/** What keeps a letter from its target: a queue that refuses it, no route, or the disk. */
type Obstacle = Destination | 'no route' | 'disk';

/** A message that died and waits until every queue that it goes to has taken it over. */
interface Letter {
  readonly address: Address;
  readonly reason: DeadLetterReason;
  /** By the clock. */
  readonly diedAt: number;
  /** Whether the journal knows that it died. */
  recorded: boolean;
  /** The targets that have it, where others do not. */
  taken: Set<Destination> | undefined;
}

/** Letters that wait for the same thing, in their order. */
class Lane {
  readonly letters = new Fifo<Letter>();
  /** Whether one of them is being tried. */
  busy = false;
  /** Of the routes, when all of these letters had none. */
  version = 0;
}

/** The way back to its queue for what is a letter no more. */
export interface LetterHost {
  readonly queue: QueueFacts;
  readonly persistence: Keeper | undefined;
  /** The message is the queue's no more. */
  forget(address: Address): void;
}

/**
 * The dead letters of a queue with `x-dead-letter-strategy: at-least-once`. The queue keeps each
 * of them, and counts it among what it holds, until all queues that it goes to have taken it over;
 * what none takes is tried again. A letter goes into its targets and out of its queue in one group
 * of the journal, so a crash neither loses nor doubles it. Those that wait for one target keep
 * their order. QUE-29.
 */
export class HeldLetters implements Flushed {
  /** Letters that all targets have on disk. */
  confirmed = 0;
  readonly #host: LetterHost;
  readonly #vhost: QueueHost;
  readonly #lanes = new Map<Obstacle, Lane>();
  /** Letters that the journal kept, until they are tried: the first that died last. */
  #restored: Letter[] = [];
  #count = 0;
  #bytes = 0;
  /** Those that went in this turn, and all that their targets have and the disk has not. */
  #sent = 0;
  #unsynced = 0;
  #stopTimer: Cancel | undefined;

  constructor(host: LetterHost) {
    this.#host = host;
    this.#vhost = host.queue.vhost;
  }

  /** Letters that no target has, or that the disk does not have there. */
  get count(): number {
    return this.#count + this.#unsynced;
  }

  /** Those of them that are still here, for the limits of the queue. */
  get heldCount(): number {
    return this.#count;
  }

  /** Bytes of the bodies of these. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** A message died; the queue hands its reference over. */
  add(address: Address, reason: DeadLetterReason): void {
    const { turn: { now: diedAt }, events: { trace } } = this.#vhost;
    if (trace.active && reason === 'expired') trace.expired(this.#host.queue, address);
    this.#hold({ address, reason, diedAt, recorded: false, taken: undefined });
  }

  /** One that the journal kept; it is tried when it is `sendRestored`. */
  restore(address: Address, death: number, diedAt: number): void {
    const reason = reasons[death]!;
    this.#restored.push({ address, reason, diedAt, recorded: true, taken: undefined });
  }

  /** All that the journal kept is here. */
  sort(): void {
    this.#restored.reverse();
    this.#restored.sort((a, b) => b.diedAt - a.diedAt);
  }

  /** When the first of those that the journal kept died; Infinity: there is none. */
  get restoredAt(): number {
    return this.#restored.at(-1)?.diedAt ?? Infinity;
  }

  sendRestored(): void {
    this.#hold(this.#restored.pop()!);
  }

  /** The queue sends its letters elsewhere now: those without a route are tried once more. */
  rerouted(): void {
    const lane = this.#lanes.get('no route');
    if (lane !== undefined) lane.version = -1;
  }

  /** The queue is deleted, and they with it. */
  clear(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const { letters } of this.#lanes.values()) {
      for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
        this.#drop(letter);
      }
    }
    for (const { address } of this.#restored) this.#host.forget(address);
    this.#lanes.clear();
    this.#restored = [];
  }

  /** Called by the turn when it is written: what went in it is confirmed once that is durable. */
  flush(): void {
    const sent = this.#sent;
    this.#sent = 0;
    this.#unsynced += sent;
    this.#whenDurable(() => {
      this.#unsynced -= sent;
      this.confirmed += sent;
      this.#vhost.counters.deadLetteredConfirmed += sent;
    });
  }

  /** A full disk may have space again; one that failed is over, and a restart has the letters. */
  #whenDurable(run: () => void): void {
    const { persistence } = this.#host;
    if (persistence === undefined) run();
    else if (!persistence.recording) return;
    else persistence.whenDurable(run, () => this.#whenDurable(run));
  }

  #hold(letter: Letter): void {
    this.#count++;
    this.#bytes += this.#vhost.store.bodyBytesOf(letter.address);
    this.#vhost.turn.afterwards(this.#host.queue, () => this.#try(letter, (obstacle) => {
      if (obstacle === undefined) return;
      if (this.#host.queue.gone) this.#drop(letter);
      else this.#wait(letter, obstacle);
    }));
  }

  /** Tries a letter when its bytes are here, and tells what is in its way, if anything. */
  #try(letter: Letter, then: (obstacle: Obstacle | undefined) => void, own?: Obstacle): void {
    const isOver = (): boolean => own !== undefined && this.#host.queue.gone;
    this.#vhost.whenReadable(letter.address, () => {
      if (!isOver()) then(this.#send(letter, own));
    }, () => {
      if (isOver()) return;
      this.#leave(letter);
      this.#vhost.store.release(letter.address);
      then(undefined);
    });
  }

  /** Sends a letter to those targets that have not got it; what is in its way, if anything. */
  #send(letter: Letter, own: Obstacle | undefined): Obstacle | undefined {
    const { queue, persistence } = this.#host;
    if (persistence?.recording === false) return 'disk';
    const { address, reason, diedAt } = letter;
    const prepared = prepareLetter(queue, address, reason, diedAt);
    if (prepared?.isLast === true) {
      this.#drop(letter);
      return undefined;
    }
    const missing = prepared?.targets.filter((target) => letter.taken?.has(target) !== true) ?? [];
    if (missing.length === 0 && letter.taken === undefined) return 'no route';
    // Nothing overtakes what waits for the same target.
    const isFree = (target: Destination): boolean => target === own || !this.#lanes.has(target);
    const open = missing.filter(isFree);
    const taken = prepared === undefined ? [] : offerLetter(queue, prepared, open);
    const obstacle = missing.find((target) => !taken.includes(target));
    if (obstacle !== undefined) {
      if (taken.length > 0) letter.taken = new Set([...letter.taken ?? [], ...taken]);
      return obstacle;
    }
    this.#leave(letter);
    tellOfLetter(queue, reason);
    this.#host.forget(address);
    if (this.#sent++ === 0) this.#vhost.turn.flushChannel(this);
    return undefined;
  }

  /** It is none of those that are held any more. */
  #leave({ address }: Letter): void {
    this.#count--;
    this.#bytes -= this.#vhost.store.bodyBytesOf(address);
  }

  #drop(letter: Letter): void {
    this.#leave(letter);
    this.#host.forget(letter.address);
  }

  #wait(letter: Letter, obstacle: Obstacle): void {
    const { queue, persistence } = this.#host;
    if (!letter.recorded) {
      const death = reasons.indexOf(letter.reason as never);
      persistence?.died(queue, letter.address, death, letter.diedAt);
      // Its bytes are not needed for a while.
      persistence?.paging.delivered(letter.address);
      letter.recorded = true;
    }
    let lane = this.#lanes.get(obstacle);
    if (lane === undefined) {
      this.#lanes.set(obstacle, lane = new Lane());
      lane.version = this.#vhost.routesVersion;
      this.#tell(obstacle);
    }
    lane.letters.push(letter);
    this.#startTimer();
  }

  #startTimer(): void {
    if (this.#lanes.size === 0 || this.#host.queue.gone) return;
    this.#stopTimer ??= this.#vhost.setTimer(limits.deadLetterRetryMs, () => {
      this.#stopTimer = undefined;
      this.#retry();
    }, 'dead letters are tried again');
  }

  /** Says once why letters wait, until none does for that reason. */
  #tell(obstacle: Obstacle): void {
    const { name } = this.#host.queue;
    const why = obstacle === 'disk' ? 'the disk failed'
      : obstacle === 'no route' ? `exchange '${this.#host.queue.settings.deadLetterExchange}' ` +
        'is not there or has no queue for them'
        : `'${obstacle.label}' does not take them`;
    this.#vhost.events.emit({
      type: 'queue.trouble', vhost: this.#vhost.name, queue: name,
      text: `dead letters wait here: ${why}`,
    });
  }

  /** Tries what waits: a lane as far as its target takes, and all that had no route if one came. */
  #retry(): void {
    for (const [obstacle, lane] of this.#lanes) {
      const isHopeless = obstacle === 'disk' ||
        (obstacle === 'no route' && lane.version === this.#vhost.routesVersion);
      if (isHopeless) continue;
      lane.version = this.#vhost.routesVersion;
      this.#advance(obstacle, lane, lane.letters.length);
    }
    this.#startTimer();
  }

  /** Tries the first of a lane, and the next one where that is out of the way. */
  #advance(obstacle: Obstacle, lane: Lane, left: number): void {
    if (lane.busy || left === 0 || this.#lanes.get(obstacle) !== lane) return;
    lane.busy = true;
    this.#vhost.turn.afterwards(this.#host.queue, () => {
      this.#try(lane.letters.first!, (now) => {
        lane.busy = false;
        if (now === obstacle && now !== 'no route') return;
        const letter = lane.letters.shift()!;
        // One that still has no route waits behind the others, which may have one.
        if (now === obstacle) lane.letters.push(letter);
        else if (now !== undefined) this.#wait(letter, now);
        if (lane.letters.length === 0) this.#lanes.delete(obstacle);
        else this.#advance(obstacle, lane, left - 1);
      }, obstacle);
    });
  }
}
