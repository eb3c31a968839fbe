/** The client and TabMQ's broker in memory, on one virtual clock. */
import { Observable, type Subscription } from 'rxjs';
import { expect, onTestFinished } from 'vitest';
import { Broker, pair, VirtualClock, type BrokerOptions, type Random } from '../../core/index.ts';
import {
  createConnect, DialError, type Connect, type Connection, type Channel, type ConnectTarget, type Dial, type Serve,
} from '../../core/client/index.ts';

export interface World {
  readonly clock: VirtualClock;
  readonly broker: Broker;
  readonly connect: Connect;
  /** The wires that are there now. */
  readonly wires: Set<Subscription>;
  /** What each host serves; one that is not named serves the broker, one that is undefined nothing. */
  readonly hosts: Map<string, Serve | undefined>;
  /** Hosts in the order in which they were dialled. */
  readonly dialled: string[];
  /** Loses all wires. */
  drop(): void;
}

export function world(options: BrokerOptions = {}, random: Random = () => 0.5): World {
  const clock = new VirtualClock();
  const broker = new Broker({ clock, random }, options);
  const wires = new Set<Subscription>();
  const hosts = new Map<string, Serve | undefined>();
  const dialled: string[] = [];
  const dial: Dial = (endpoint, serve) => new Observable<never>((link) => {
    dialled.push(endpoint.host);
    const peer = hosts.has(endpoint.host) ? hosts.get(endpoint.host) : broker.serve;
    if (peer === undefined) {
      link.error(new DialError(`nobody listens at ${endpoint.host}:${endpoint.port}`));
      return;
    }
    const wire = pair(clock, watched(serve, () => link.complete()), peer);
    wires.add(wire);
    wire.add(() => wires.delete(wire));
    link.add(wire);
  });
  const drop = (): void => {
    // Not those that are made meanwhile, as by a client that connects again at once.
    for (const wire of [...wires]) wire.unsubscribe();
    clock.runUntilIdle();
  };
  onTestFinished(async () => {
    const stopped = broker.stop();
    clock.advanceBy(30_000);
    await stopped;
    clock.runUntilIdle();
    expect(clock.pending, 'timers left behind').toBe(0);
    expect(broker.connectionCount, 'connections left behind').toBe(0);
  });
  return { clock, broker, connect: createConnect(dial, { clock, random }), wires, hosts, dialled, drop };
}

/** Tells when the client's side of the link has ended by itself. */
function watched(serve: Serve, ended: () => void): Serve {
  return (inbound, link) => new Observable((outbound) => serve(inbound, link).subscribe({
    next: (chunk) => outbound.next(chunk),
    error: (error: unknown) => outbound.error(error),
    complete() {
      outbound.complete();
      ended();
    },
  }));
}

/** What an Observable did, as far as it has. */
export class Outcome<T> {
  readonly values: T[] = [];
  error: unknown;
  completed = false;
  readonly subscription: Subscription;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, source: Observable<T>) {
    this.#clock = clock;
    this.subscription = source.subscribe({
      next: (value) => this.values.push(value),
      error: (error: unknown) => {
        this.error = error;
      },
      complete: () => {
        this.completed = true;
      },
    });
    clock.runUntilIdle();
  }

  /** The last value; throws what it failed with. */
  get value(): T {
    if (this.error !== undefined) throw this.error as Error;
    expect(this.values.length, 'values').toBeGreaterThan(0);
    return this.values.at(-1)!;
  }

  unsubscribe(): void {
    this.subscription.unsubscribe();
    this.#clock.runUntilIdle();
  }
}

export interface Open extends World {
  readonly connection: Connection;
  readonly connecting: Outcome<Connection>;
  readonly channel: Channel;
  watch<T>(source: Observable<T>): Outcome<T>;
  /** The one value of an Observable that speaks to the broker. */
  ask<T>(source: Observable<T>): T;
}

/** A world with one connection and a channel open. */
export function open(target: ConnectTarget = { url: 'amqp://broker', heartbeat: 0 }): Open {
  const made = world();
  const watch = <T>(source: Observable<T>): Outcome<T> => new Outcome(made.clock, source);
  const connecting = watch(made.connect(target));
  const connection = connecting.value;
  const channel = watch(connection.channel()).value;
  onTestFinished(() => connecting.unsubscribe());
  return { ...made, connection, connecting, channel, watch, ask: (source) => watch(source).value };
}
