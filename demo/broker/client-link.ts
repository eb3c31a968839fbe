import type { Cancel, Clock } from '../../core/ports.ts';
import type { FromClient, LinkData, ToClient } from '../clients/protocol.ts';
import type { LinkPort } from '../clients/link-port.ts';
import type { ClientLibrary, ClientSpec, ClientStatus } from '../port/client-host.ts';
import { SlowLine } from './slow-line.ts';

type StartMessage = Extract<ToClient, { type: 'start' }>;

/** What is used of the MessagePort to a client's Worker, a browser's or Node's. */
export interface ClientPort {
  postMessage(message: ToClient, transfer?: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  start(): void;
  close(): void;
}

/** What a client does that the world must see to. */
export interface ClientWorld {
  readonly clock: Clock;
  /** What came from a client waits for its turn. */
  received(client: ClientLink, message: FromClient): void;
  /** The client's Worker is gone. */
  lost(client: ClientLink): void;
  /** How the client does is another thing than before. */
  changed(): void;
  /** Runs `act` after so many milliseconds of the wall. */
  afterWall(milliseconds: number, act: () => void): Cancel;
}

/** How long a client may take for a turn, in milliseconds of the wall, before it counts as busy. */
export const BUSY_AFTER_MS = 2000;
/** The same while its Worker and its library are loaded, which a slow machine may take long for. */
const LOADED_AFTER_MS = 60_000;

/** One client as the world sees it: what waits to be handed to it, and whether it is done. */
export class ClientLink {
  readonly name: string;
  readonly code: string;
  readonly library: ClientLibrary;
  /** Its place among all clients that this world ever started. */
  readonly run: number;
  /** Places in the tap: of the last event before its start, and before its end. */
  startedAfter = 0;
  endedAfter = 0;
  status: ClientStatus = 'starting';
  /** Its Worker is gone, and nobody here ended it. */
  orphaned = false;
  error = '';
  line = 0;
  paused = false;
  /** Virtual milliseconds that each message takes, to it and from it. */
  delayMs = 0;
  readonly toIt: SlowLine;
  readonly fromIt: SlowLine;
  /** What it sent and is not handled yet weighs so much. */
  waitingBytes = 0;
  unfinished = 0;
  /** Connections that it opened, as the broker names them. */
  readonly connections: string[] = [];
  readonly links = new Map<number, LinkPort>();
  readonly timers = new Map<number, Cancel>();
  readonly #port: ClientPort;
  readonly #world: ClientWorld;
  /** What it is started with; undefined once that was sent. */
  #start: Omit<StartMessage, 'now'> | undefined;
  #round = 0;
  #loaded = false;
  #stopWaiting: Cancel = () => {};
  #onIdle: (() => void) | undefined;
  #dueTimers: number[] = [];
  #data: { link: number; data: LinkData }[] = [];

  constructor(
    spec: ClientSpec, run: number, start: Omit<StartMessage, 'now'>, port: ClientPort,
    world: ClientWorld,
  ) {
    this.run = run;
    this.#start = start;
    this.name = spec.name;
    this.code = spec.code;
    this.library = spec.library;
    this.#port = port;
    this.#world = world;
    const what = `${spec.name}: slow line`;
    this.toIt = new SlowLine(world.clock, 'basic.deliver', what);
    this.fromIt = new SlowLine(world.clock, 'basic.publish', what);
    port.addEventListener('message', ({ data }) => this.#onMessage(data as FromClient));
    port.addEventListener('close', () => world.lost(this));
    port.start();
  }

  get gone(): boolean {
    return this.status === 'killed' || this.status === 'failed';
  }

  /** Whether something waits to be handed to it. */
  get wanted(): boolean {
    if (this.gone || this.paused || this.status === 'busy') return false;
    return this.#start !== undefined || this.#dueTimers.length > 0 || this.#data.length > 0;
  }

  /** Whether a turn of it is under way. */
  get working(): boolean {
    return this.#onIdle !== undefined;
  }

  timerDue(id: number): void {
    this.timers.delete(id);
    this.#dueTimers.push(id);
  }

  /** Something for one of its links; handed over with its next turn. */
  push(link: number, data: LinkData): void {
    this.#data.push({ link, data });
  }

  /** Hands over what waits; resolves when all that it led to is here, or when that takes long. */
  async turn(now: number): Promise<void> {
    const timers = this.#dueTimers;
    const data = this.#data;
    this.#dueTimers = [];
    this.#data = [];
    const round = ++this.#round;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    const transfer = data.map((each) => each.data).filter((each) => each instanceof ArrayBuffer);
    if (this.#start !== undefined) this.#port.postMessage({ ...this.#start, now });
    this.#start = undefined;
    this.#port.postMessage({ type: 'turn', round, now, timers, data }, transfer);
    this.#waitFor(this.#loaded ? BUSY_AFTER_MS : LOADED_AFTER_MS);
    await idle;
    this.#stopWaiting();
  }

  #waitFor(milliseconds: number): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#world.afterWall(milliseconds, () => {
      this.#become('busy');
      this.#finish();
    });
  }

  /** Cuts it off: its connections are lost, what it still says is not heard. */
  end(status: 'killed' | 'failed'): void {
    if (this.gone) return;
    this.status = status;
    this.unfinished = this.timers.size;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    for (const link of this.links.values()) link.lose();
    this.links.clear();
    this.#port.close();
    this.#finish();
  }

  #onMessage(message: FromClient): void {
    if (this.gone) return;
    if (message.type === 'loaded') {
      this.#loaded = true;
      if (this.working) this.#waitFor(BUSY_AFTER_MS);
    } else if (message.type !== 'idle') {
      this.#world.received(this, message);
    } else if (message.round === this.#round) {
      if (this.status === 'busy' || this.status === 'starting') this.#become('running');
      this.#finish();
    }
  }

  #become(status: ClientStatus): void {
    this.status = status;
    this.#world.changed();
  }

  #finish(): void {
    const done = this.#onIdle;
    this.#onIdle = undefined;
    done?.();
  }
}
