import { BehaviorSubject, ReplaySubject } from 'rxjs';
import { servePort, type Broker, type BufferPool, type Clock, type VirtualClock }
  from '../../core/index.ts';
import { framesOf } from '../../core/management/index.ts';
import { LinkPort } from '../clients/link-port.ts';
import type { FromClient, LinkData } from '../clients/protocol.ts';
import type { ClientLog, ClientSpec, ClientView, Marble } from '../port/client-host.ts';
import { ClientLink, type ClientPort, type ClientWorld } from './client-link.ts';
import { seedOf } from './random.ts';

interface ClientsEnv {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly pool: BufferPool;
  readonly host: Clock;
  readonly seed: number;
  readonly wallStart: number;
  /** `seq` of the last event of the tap. */
  readonly lastSeq: () => number;
  /** Something waits to be handled. */
  readonly wake: () => void;
  /** The Worker of a client is gone, and nobody here ended it. */
  readonly lost: (name: string) => void;
}

interface Waiting {
  readonly client: ClientLink;
  readonly message: FromClient;
  /** It is a frame of a chunk, and not the last one of it. */
  readonly partial?: boolean;
}

/** Octets that may wait of one client; one that sends more without a pause is cut off. */
const FLOOD_BYTES = 16 * 1024 * 1024;
/** What a message that carries no chunk counts for, so that 20,000 of them are a flood as well. */
const MESSAGE_BYTES = FLOOD_BYTES / 20_000;
const LOG_LINES = 1000;
const MARBLES = 1000;

/** The clients of a world, and what they sent and is not handled yet. */
export class Clients {
  readonly clients$ = new BehaviorSubject<readonly ClientView[]>([]);
  readonly logs$ = new ReplaySubject<ClientLog>(LOG_LINES);
  readonly marbles$ = new ReplaySubject<Marble>(MARBLES);
  readonly #env: ClientsEnv;
  readonly #clients = new Map<string, ClientLink>();
  #inbox: Waiting[] = [];
  readonly #world: ClientWorld;
  #lastServed = -1;
  #runs = 0;
  /** The frame at hand is part of a chunk, of which the client hears only once that it came. */
  #partial = false;

  constructor(env: ClientsEnv) {
    this.#env = env;
    this.#world = {
      clock: env.clock,
      received: (client, message) => this.#received(client, message),
      lost: (client) => this.#orphan(client),
      changed: () => this.#show(),
      afterWall: (milliseconds, act) => env.host.setTimer(milliseconds, act),
    };
  }

  /**
   * Takes over the port to a Worker; the code starts in it when its turn comes. Answers which run
   * of all this is.
   */
  start(spec: ClientSpec, compiled: string, port: ClientPort): number {
    const { seed, wallStart } = this.#env;
    this.kill(spec.name);
    const client = new ClientLink(spec, ++this.#runs, {
      type: 'start', name: spec.name, code: compiled, seed: seedOf(seed, spec.name), wallStart,
    }, port, this.#world);
    client.startedAfter = this.#env.lastSeq();
    this.#clients.set(spec.name, client);
    this.#show();
    this.#env.wake();
    return client.run;
  }

  /** Lists it as a client whose code could not be made to run. */
  fail(spec: ClientSpec, text: string, line: number): void {
    const nobody = new MessageChannel().port1 as unknown as ClientPort;
    this.start(spec, '', nobody);
    this.#handle(this.#clients.get(spec.name)!, { type: 'failed', text, line });
  }

  kill(name: string): void {
    const client = this.#clients.get(name);
    if (client !== undefined) this.#end(client, 'killed');
  }

  /** The page that had the Worker of this run is gone. */
  orphan(name: string, run: number): void {
    const client = this.#clients.get(name);
    if (client?.run === run) this.#orphan(client);
  }

  remove(name: string): void {
    this.kill(name);
    this.#clients.delete(name);
    this.#show();
  }

  setPaused(name: string, paused: boolean): void {
    const client = this.#clients.get(name);
    if (client === undefined) return;
    client.paused = paused;
    this.#show();
    this.#env.wake();
  }

  setDelay(name: string, delayMs: number): void {
    const client = this.#clients.get(name);
    if (client === undefined) return;
    client.delayMs = delayMs;
    this.#show();
  }

  end(): void {
    for (const client of this.#clients.values()) this.#end(client, 'killed');
  }

  /** Handles the oldest thing that a client sent; false: there is none. */
  handleOne(): boolean {
    const next = this.#inbox.shift();
    if (next === undefined) return false;
    next.client.waitingBytes -= weightOf(next.message);
    this.#partial = next.partial === true;
    this.#handle(next.client, next.message);
    this.#partial = false;
    return true;
  }

  /** The next client that something waits for, each in its turn. */
  next(): ClientLink | undefined {
    const all = [...this.#clients.values()];
    for (let i = 1; i <= all.length; i++) {
      const index = (this.#lastServed + i) % all.length;
      if (all[index]!.wanted && !all[index]!.working) {
        this.#lastServed = index;
        return all[index];
      }
    }
    return undefined;
  }

  #orphan(client: ClientLink): void {
    if (client.gone) return;
    client.orphaned = true;
    this.#env.lost(client.name);
  }

  #received(client: ClientLink, message: FromClient): void {
    client.waitingBytes += weightOf(message);
    if (client.waitingBytes > FLOOD_BYTES) {
      const text = 'It asked for too much at once: more than 16 MiB, or 20,000 timers.';
      this.#handle(client, { type: 'failed', text, line: 0 });
      return;
    }
    if (message.type === 'data' && typeof message.data !== 'string') {
      this.#cut(client, message.link, message.data);
    } else this.#inbox.push({ client, message });
    this.#env.wake();
  }

  /** A chunk becomes one message for each frame, so that time can stop between them. */
  #cut(client: ClientLink, link: number, chunk: ArrayBuffer): void {
    const frames = [...framesOf(new Uint8Array(chunk))];
    frames.forEach((frame, i) => {
      const data = frame.slice().buffer;
      const partial = i < frames.length - 1;
      this.#inbox.push({ client, message: { type: 'data', link, data }, partial });
    });
  }

  #handle(client: ClientLink, message: FromClient): void {
    switch (message.type) {
      case 'timer':
        this.#setTimer(client, message.id, message.delayMs);
        return;
      case 'cancel':
        client.timers.get(message.id)?.();
        client.timers.delete(message.id);
        return;
      case 'dial':
        this.#dial(client, message.link);
        return;
      case 'data':
        this.#receive(client, message.link, message.data);
        return;
      case 'log':
        this.#log(client, message.level, message.text);
        return;
      case 'mark':
        this.marbles$.next({
          client: client.name, run: client.run, at: this.#env.clock.now(), ...message.mark,
        });
        return;
      case 'failed':
        client.error = message.text;
        client.line = message.line;
        this.#end(client, 'failed');
        // Whoever reads of it finds it failed.
        this.#log(client, 'error', message.text);
    }
  }

  #setTimer(client: ClientLink, id: number, delayMs: number): void {
    const due = (): void => client.timerDue(id);
    client.timers.set(id, this.#env.clock.setTimer(delayMs, due, `${client.name}: timer`));
  }

  #dial(client: ClientLink, number: number): void {
    const { broker, clock, pool } = this.#env;
    const link = new LinkPort((data) => this.#push(client, number, data as LinkData));
    client.links.set(number, link);
    servePort(link, broker.serve, { clock, pool }).subscribe();
    const connection = [...broker.connections].at(-1);
    if (connection !== undefined) client.connections.push(connection.info.id);
    this.#show();
  }

  /** From a client to the broker; the client may be gone when it arrives. */
  #receive(client: ClientLink, link: number, sent: LinkData): void {
    const partial = this.#partial;
    client.fromIt.pass(sent, client.delayMs, (data) => {
      this.#partial = partial;
      client.links.get(link)?.receive(data);
      this.#partial = false;
    });
  }

  #push(client: ClientLink, link: number, sent: LinkData): void {
    if (this.#partial && sent === 'taken') return;
    client.toIt.pass(sent, client.delayMs, (data) => client.push(link, data));
  }

  #log(client: ClientLink, level: ClientLog['level'], text: string): void {
    this.logs$.next({ client: client.name, at: this.#env.clock.now(), level, text });
  }

  #end(client: ClientLink, status: 'killed' | 'failed'): void {
    if (!client.gone) client.endedAfter = this.#env.lastSeq();
    client.end(status);
    this.#inbox = this.#inbox.filter((waiting) => waiting.client !== client);
    this.#show();
    this.#env.wake();
  }

  #show(): void {
    this.clients$.next([...this.#clients.values()].map((client) => ({
      name: client.name, code: client.code, library: client.library, run: client.run,
      status: client.paused && !client.gone ? 'paused' : client.status,
      startedAfter: client.startedAfter, endedAfter: client.endedAfter,
      orphaned: client.orphaned, connections: [...client.connections],
      error: client.error, line: client.line,
      delayMs: client.delayMs, unfinished: client.unfinished,
    })));
  }
}

function weightOf(message: FromClient): number {
  const isChunk = message.type === 'data' && typeof message.data !== 'string';
  return isChunk ? (message.data as ArrayBuffer).byteLength : MESSAGE_BYTES;
}
