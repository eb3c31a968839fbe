import {
  restartInPlace, type Broker, type ConnectionInfo, type DurableState, type Random,
} from '../../core/index.ts';
import { durationText, millisecondsOf, type Duration } from './duration.ts';
import { drawInteger, type Drawn } from './random.ts';
import { TestBrokerError } from './test-broker-error.ts';
import { connectionName, type Trail } from './trail.ts';
import type { LoginGuard } from './users.ts';
import type { Direction, Drop, DropKind, Wire, WireWatch } from './wire.ts';
import { checkWords, type Words } from './words.ts';

/** A fault that is in force until it is ended. Ending it twice does nothing. */
export interface Fault {
  readonly description: string;
  /** Ends the fault; what it kept back goes its way. */
  end(): void;
}

/** Which connections: an id (`connection-1`), the name a client gave its own, or a rule. */
export type ConnectionSelector = string | ((connection: ConnectionInfo) => boolean);

/** Whom a fault meets. */
export interface FaultTarget {
  /** Default: every connection there is or will be. */
  readonly connection?: ConnectionSelector;
}

/** Which connections are dropped, when, and how. */
export interface DropOptions extends FaultTarget {
  /** `reset`: a TCP reset; `close`: connection.close with 320. Default: `reset`. */
  readonly kind?: DropKind;
  /**
   * Frames that still pass first, counted for each connection; the first to get there is
   * dropped, and no other. A range is drawn from. Default: none, and all selected are dropped.
   */
  readonly afterFrames?: Drawn<number>;
  /** Which frames count: `in`, from the client, or `out`, to it. Default: `in`. */
  readonly direction?: Direction;
}

/** Whose logins are refused, and how often. */
export interface RefuseLoginsOptions {
  /** Default: everybody. */
  readonly user?: string;
  /** How many logins are refused; then it is over. Default: all until it is ended. */
  readonly times?: number;
}

/** How the broker goes down, and what it has when it is back. */
export interface RestartOptions {
  /** `lost`: as if the disk were new; the topology of the start is there. Default: `kept`. */
  readonly durableState?: DurableState;
  /** How connections end: a crash resets them, an orderly stop closes with 320. */
  readonly kind?: DropKind;
}

export interface FaultParts {
  readonly broker: Broker;
  readonly wires: Iterable<Wire>;
  readonly trail: Trail;
  readonly logins: LoginGuard;
  /** Draws what is given as a range; the seed of the test broker decides. */
  readonly random: Random;
  /** What the broker saw, for failures. */
  readonly report: () => string;
  /** Sets up what the broker had from the start. */
  readonly applyTopology: () => void;
}

const dropKinds: readonly DropKind[] = ['reset', 'close'];
const targetWords: Words<FaultTarget> = { connection: 'any' };
const dropWords: Words<DropOptions> = {
  ...targetWords, kind: dropKinds, afterFrames: 'any', direction: ['in', 'out'],
};
const refuseLoginsWords: Words<RefuseLoginsOptions> = { user: 'any', times: 'any' };
const restartWords: Words<RestartOptions> = { durableState: ['kept', 'lost'], kind: dropKinds };

interface PendingDrop extends Drop {
  readonly connection: ConnectionSelector | undefined;
  readonly direction: Direction;
  readonly passed: WeakMap<Wire, number>;
  /** It has happened. */
  readonly over: () => void;
}

/** What becomes of confirms on some connections. */
interface ConfirmRule {
  readonly connection: ConnectionSelector | undefined;
  readonly hold: (send: () => void) => void;
}

/** What can go wrong between a client and its broker, on demand. */
export class Faults implements WireWatch {
  readonly #parts: FaultParts;
  readonly #active = new Set<Fault>();
  readonly #drops = new Set<PendingDrop>();
  readonly #holds: ConfirmRule[] = [];
  readonly #deafening = new Set<ConnectionSelector>();
  #blocks = 0;
  #refusals = 0;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  /** Faults that are in force. */
  get active(): readonly Fault[] {
    return [...this.#active];
  }

  /** Ends them all. */
  clear(): void {
    for (const fault of this.#active) fault.end();
  }

  /** Drops connections: now, or one of them once more frames have passed. */
  drop(options: DropOptions = {}): Fault {
    checkWords('drop', options, dropWords);
    const { connection, kind = 'reset', afterFrames, direction = 'in' } = options;
    const frames = afterFrames === undefined ? 0 : this.#draw(afterFrames);
    if (frames === 0) return this.#dropNow(connection, kind);
    const what = `${kind} after ${frames} frames ${direction}${targetText(connection)}`;
    const fault = this.#begin(what, () => this.#drops.delete(drop));
    const drop: PendingDrop = {
      connection, kind, frames, direction, passed: new WeakMap(), over: () => fault.end(),
    };
    this.#drops.add(drop);
    return fault;
  }

  /**
   * Reads nothing more of what clients send, so that they stall and time finds them silent: two
   * heartbeat intervals after `advance`, they are dropped.
   */
  stopReading(target: FaultTarget = {}): Fault {
    checkWords('stopReading', target, targetWords);
    const { connection } = target;
    // Each call has a key of its own, so that ending one does not end another.
    const selector: ConnectionSelector = (info) => isSelected(info, connection);
    this.#deafening.add(selector);
    this.#updateDeaf();
    return this.#begin(`no reading${targetText(connection)}`, () => {
      this.#deafening.delete(selector);
      this.#updateDeaf();
    });
  }

  /** Sends confirms so much later, by the clock of the broker; a range is drawn for each. */
  delayConfirms(delay: Drawn<Duration>, target: FaultTarget = {}): Fault {
    checkWords('delayConfirms', target, targetWords);
    const [min, max] = isRange(delay) ? delay : [delay, delay];
    const bounds = [millisecondsOf(min), millisecondsOf(max)] as const;
    const range = bounds.map(durationText).join(' to ');
    return this.#holdConfirms(`confirms delayed by ${range}`, target.connection, (send) => {
      const delayMs = drawInteger(this.#parts.random, ...bounds);
      this.#parts.broker.clock.setTimer(delayMs, send);
    });
  }

  /** Sends no confirms. Those that are owed go out when it ends, where their channel still is. */
  withholdConfirms(target: FaultTarget = {}): Fault {
    checkWords('withholdConfirms', target, targetWords);
    const owed: (() => void)[] = [];
    const hold = (send: () => void): void => void owed.push(send);
    return this.#holdConfirms('confirms withheld', target.connection, hold, () => {
      for (const send of owed) send();
    });
  }

  /** Raises the memory alarm: connection.blocked to publishers, who are not read from. CON-33. */
  blockPublishers(): Fault {
    const { broker } = this.#parts;
    this.#blocks++;
    broker.setAlarm('memory', true);
    return this.#begin('publishers blocked', () => {
      if (--this.#blocks === 0) broker.setAlarm('memory', false);
    });
  }

  /** Answers logins with 403 ACCESS_REFUSED. CON-10. */
  refuseLogins(options: RefuseLoginsOptions = {}): Fault {
    checkWords('refuseLogins', options, refuseLoginsWords);
    const { user, times = Infinity } = options;
    const { logins } = this.#parts;
    let left = times;
    const refuses = (name: string): boolean => {
      if (left === 0 || (user !== undefined && user !== name)) return false;
      if (--left === 0) fault.end();
      return true;
    };
    logins.add(refuses);
    const whose = user === undefined ? '' : ` of ${user}`;
    const fault = this.#begin(`logins${whose} refused`, () => logins.delete(refuses));
    return fault;
  }

  /** Resets whoever connects, as where nobody listens. Those who are connected stay. */
  refuseConnections(): Fault {
    this.#refusals++;
    return this.#begin('connections refused', () => this.#refusals--);
  }

  /** Whether new connections are refused. */
  get refusesConnections(): boolean {
    return this.#refusals > 0;
  }

  /**
   * Restarts the broker on the same port: every connection ends, and what is left is what a
   * broker finds on its disk: durable exchanges and queues, their bindings, persistent messages.
   */
  restart(options: RestartOptions = {}): void {
    checkWords('restart', options, restartWords);
    const { durableState = 'kept', kind = 'reset' } = options;
    const { broker, wires, trail, applyTopology } = this.#parts;
    trail.note(`fault: restart, durable state ${durableState}`);
    for (const wire of [...wires]) wire.drop(kind);
    restartInPlace(broker, durableState);
    if (durableState === 'lost') applyTopology();
  }

  /** A connection has come: what is in force for it begins. */
  opened(wire: Wire): void {
    if (this.#deafening.size > 0) this.#deafen(wire);
  }

  dropWithin(wire: Wire, direction: Direction, frames: number): Drop | undefined {
    // Who it is may be known only now that the client has named its connection.
    if (this.#deafening.size > 0) this.#deafen(wire);
    for (const drop of this.#drops) {
      const info = wire.connection?.info;
      if (drop.direction !== direction || info === undefined) continue;
      if (!isSelected(info, drop.connection)) continue;
      const passed = drop.passed.get(wire) ?? 0;
      drop.passed.set(wire, passed + frames);
      if (passed + frames < drop.frames) continue;
      this.#parts.trail.note(`fault: ${drop.kind} of ${info.id} after ${drop.frames} frames`);
      drop.over();
      return { kind: drop.kind, frames: drop.frames - passed };
    }
    return undefined;
  }

  #dropNow(connection: ConnectionSelector | undefined, kind: DropKind): Fault {
    const dropped = this.#select(connection);
    if (dropped.length === 0) {
      const name = typeof connection === 'string' ? ` '${connection}'` : '';
      throw new TestBrokerError(
        `there is no connection${name} to drop\n\n${this.#parts.report()}`,
      );
    }
    const description = `${kind}${targetText(connection)}`;
    this.#parts.trail.note(`fault: ${description}`);
    for (const wire of dropped) wire.drop(kind);
    return { description, end: () => {} };
  }

  #select(connection: ConnectionSelector | undefined): Wire[] {
    return [...this.#parts.wires].filter((wire) => {
      return wire.connection !== undefined && isSelected(wire.connection.info, connection);
    });
  }

  #updateDeaf(): void {
    for (const wire of this.#parts.wires) this.#deafen(wire);
  }

  #deafen(wire: Wire): void {
    const info = wire.connection?.info;
    if (info === undefined) return;
    const deaf = [...this.#deafening].some((selector) => isSelected(info, selector));
    if (deaf !== wire.deaf) wire.deaf = deaf;
  }

  #holdConfirms(
    what: string, connection: ConnectionSelector | undefined, hold: (send: () => void) => void,
    onEnd = (): void => {},
  ): Fault {
    const entry: ConfirmRule = { connection, hold };
    this.#holds.push(entry);
    this.#updateHold();
    return this.#begin(`${what}${targetText(connection)}`, () => {
      this.#holds.splice(this.#holds.indexOf(entry), 1);
      this.#updateHold();
      onEnd();
    });
  }

  /** The rule that was made last counts. */
  #updateHold(): void {
    const { broker } = this.#parts;
    if (this.#holds.length === 0) {
      broker.holdConfirms = undefined;
      return;
    }
    broker.holdConfirms = (info, send) => {
      const rule = this.#holds.findLast(({ connection }) => isSelected(info, connection));
      if (rule === undefined) send();
      else rule.hold(send);
    };
  }

  #draw(range: Drawn<number>): number {
    return isRange(range) ? drawInteger(this.#parts.random, ...range) : range;
  }

  #begin(description: string, undo: () => void): Fault {
    const { trail } = this.#parts;
    const fault: Fault = {
      description,
      end: () => {
        if (!this.#active.delete(fault)) return;
        undo();
        trail.note(`fault over: ${description}`);
      },
    };
    this.#active.add(fault);
    trail.note(`fault: ${description}`);
    return fault;
  }
}

function isRange<T>(drawn: Drawn<T>): drawn is readonly [T, T] {
  return Array.isArray(drawn);
}

function isSelected(info: ConnectionInfo, selector: ConnectionSelector | undefined): boolean {
  if (selector === undefined) return true;
  if (typeof selector === 'function') return selector(info);
  return info.id === selector || connectionName(info) === selector;
}

function targetText(connection: ConnectionSelector | undefined): string {
  if (connection === undefined) return '';
  return typeof connection === 'string' ? ` of connection '${connection}'` : ' of some connections';
}
