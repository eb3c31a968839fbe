import { Subscription } from 'rxjs';
import { servePort, type Broker, type BufferPool, type VirtualClock } from '../../core/index.ts';
import type { Api, ApiRequest, ApiResponse } from '../../core/management/index.ts';
import { managementApi } from '../../core/management/index.ts';
import { LinkPort } from '../clients/link-port.ts';
import { base64Url, bytesOfBase64Url } from '../port/base64.ts';
import type { ClientSpec } from '../port/client-host.ts';
import { plainOf, valueOf } from '../port/plain-value.ts';
import type { Deed, RecordedInput, Recording } from '../port/recording.ts';
import type { ClientPort } from './client-link.ts';
import type { Clients } from './clients.ts';
import { Recorder } from './recorder.ts';

interface OutsideEnv {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly pool: BufferPool;
  readonly clients: Clients;
  /** Why nothing can be recorded; '' where it can. */
  readonly unrecorded: string;
  /** How many things have happened in the world. */
  readonly happened: () => number;
  /** Brings virtual time to where it is to be by now. */
  readonly catchUp: () => void;
  /** Something came in, and somebody waits for what it leads to. */
  readonly entered: () => void;
  /** Waits for the disk, as it was waited for while time stood still. */
  readonly settle: () => Promise<boolean>;
  /** Begins another world in place of this one, with what its broker kept. */
  readonly restart: () => Promise<void>;
}

/** What starts a client of a recording: the page that can make Workers. */
type Spawner = Pick<MessagePort, 'postMessage' | 'addEventListener' | 'start'>;

/**
 * The doors by which something comes into a world from outside of its time: requests of screens,
 * their connections, orders to clients. What changes something is recorded with its place, and a
 * recording can be repeated: then the same things happen at the same places.
 */
export class Outside {
  readonly #env: OutsideEnv;
  readonly #api: Api;
  #recorder: Recorder;
  readonly #guests = new Map<number, LinkPort>();
  /** Links of guests; they are dropped with the world. */
  readonly #links = new Subscription();
  #lastGuest = 0;
  /** What of a recording is still to be repeated, and how its clients are started. */
  #waiting: readonly RecordedInput[] = [];
  #spawner: Spawner | undefined;
  /** The client that a recording starts, until its Worker is there. */
  #starting: { readonly name: string; readonly done: () => void } | undefined;
  #repeating = false;
  #ended = false;

  constructor(env: OutsideEnv) {
    this.#env = env;
    this.#api = managementApi(env.broker);
    this.#recorder = new Recorder(env.unrecorded);
  }

  async api(request: ApiRequest): Promise<ApiResponse> {
    const { path, method = 'GET', body } = request;
    if (method === 'GET') return this.#api(request);
    const make = (): Deed => ({
      does: 'call', method, path, ...(body !== undefined && { body: plainOf(body) }),
    });
    const answer = await this.#enter(make, () => this.#api(request));
    // What it led to only now was not seen before.
    this.#env.entered();
    return answer;
  }

  /** Serves a link from outside of the world: a screen's own client. It works while time stands. */
  serve(port: MessagePort): void {
    const guest = ++this.#lastGuest;
    this.#enter(() => ({ does: 'dial', guest }), () => this.#dial(guest, port));
    port.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) => {
      // Before it is handed over, as whoever takes it may do so with its memory.
      const deed: Deed = typeof data === 'string'
        ? { does: 'say', guest, word: data }
        : { does: 'send', guest, data: base64Url(new Uint8Array(data)) };
      this.#enter(() => deed, () => this.#guests.get(guest)?.receive(data));
    });
    port.addEventListener('close', () => {
      this.#enter(() => ({ does: 'lose', guest }), () => this.#guests.get(guest)?.lose());
    });
    port.start();
  }

  /** Answers which run of all this is; see Clients. */
  start(spec: ClientSpec, compiled: string, port: ClientPort): number {
    return this.#start(spec, () => this.#env.clients.start(spec, compiled, port));
  }

  fail(spec: ClientSpec, text: string, line: number): void {
    this.#start(spec, () => this.#env.clients.fail(spec, text, line));
  }

  kill(name: string): void {
    this.#order({ does: 'kill', name });
  }

  remove(name: string): void {
    this.#order({ does: 'remove', name });
  }

  setPaused(name: string, paused: boolean): void {
    this.#order({ does: 'pause', name, paused });
  }

  setDelay(name: string, delayMs: number): void {
    this.#order({ does: 'delay', name, delayMs });
  }

  get recording(): Recording {
    return this.#recorder.recording(this.#waiting);
  }

  /** The disk was waited for while time stood still, which is nothing that time leads to. */
  settled(): void {
    this.#record(() => ({ does: 'settle' }));
  }

  /** Something happened that no recording can repeat. */
  loseRecording(why: string): void {
    this.#recorder.lose(why);
  }

  /** The broker crashes now: what that leads to in it is nothing that anybody will see. */
  crash(): void {
    this.#env.catchUp();
    this.#env.clock.runDeferred();
    this.#record(() => ({ does: 'restart' }));
    this.end();
  }

  /** Lets all of this happen once its place is reached. */
  repeat(inputs: readonly RecordedInput[], spawner: Spawner): void {
    this.#waiting = inputs;
    for (const input of inputs) {
      if (input.does === 'dial') this.#lastGuest = Math.max(this.#lastGuest, input.guest);
    }
    this.#take(spawner);
    spawner.start();
  }

  /** Goes on with the recording of a world that has crashed, and with what it was to repeat. */
  follow(before: Outside): void {
    this.#recorder = before.#recorder;
    this.#waiting = before.#waiting;
    this.#lastGuest = before.#lastGuest;
    if (before.#spawner !== undefined) this.#take(before.#spawner);
  }

  /** What is to be repeated next. */
  get next(): RecordedInput | undefined {
    return this.#waiting[0];
  }

  /** What waits to be repeated, in words. */
  get waiting(): readonly { readonly at: number; readonly what: string }[] {
    return this.#waiting.flatMap((input) => {
      const what = wordsOf(input);
      return what === '' ? [] : [{ at: input.at, what: `recorded: ${what}` }];
    });
  }

  get repeating(): boolean {
    return this.#repeating;
  }

  async repeatNext(): Promise<void> {
    const [next, ...rest] = this.#waiting;
    if (next === undefined) return;
    const { clock } = this.#env;
    this.#waiting = rest;
    this.#repeating = true;
    try {
      if (next.at > clock.now()) clock.advanceTo(next.at);
      if (next.does !== 'settle') {
        clock.runDeferred();
        this.#record(() => next);
        await this.#repeat(next);
        // Nothing is left to do in a world that has crashed.
        if (next.does !== 'restart') clock.runDeferred();
      } else if (await this.#env.settle()) this.settled();
    } finally {
      this.#repeating = false;
    }
  }

  end(): void {
    this.#ended = true;
    this.#links.unsubscribe();
    this.#starting?.done();
  }

  #order(deed: Deed): void {
    this.#enter(() => deed, () => this.#obey(deed));
  }

  /** What is deferred is done with it, so that no pause of the world can come in between. */
  #enter<T>(make: () => Deed, act: () => T): T {
    const { catchUp, clock, entered } = this.#env;
    if (!this.#repeating) catchUp();
    clock.runDeferred();
    this.#record(make);
    const answer = act();
    clock.runDeferred();
    entered();
    return answer;
  }

  #record(make: () => Deed): void {
    // Screens that were connected may still say something, or be gone.
    if (this.#ended) return;
    const { clock, happened } = this.#env;
    this.#recorder.add(() => ({ ...make(), at: clock.now(), place: happened() }));
  }

  #start<T>(client: ClientSpec, start: () => T): T {
    if (this.#starting?.name !== client.name) {
      return this.#enter(() => ({ does: 'start', client }), start);
    }
    const started = start();
    this.#starting.done();
    return started;
  }

  /** Without the page no client starts any more; all else goes on. */
  #take(spawner: Spawner): void {
    this.#spawner = spawner;
    spawner.addEventListener('close', () => {
      this.#spawner = undefined;
      this.#starting?.done();
    });
  }

  #dial(guest: number, port?: MessagePort): void {
    const { broker, clock, pool } = this.#env;
    const link = new LinkPort((data, transfer) => port?.postMessage(data, transfer));
    this.#guests.set(guest, link);
    this.#links.add(servePort(link, broker.serve, { clock, pool }).subscribe({
      complete: () => {
        this.#guests.delete(guest);
        port?.close();
      },
    }));
  }

  async #repeat(deed: Deed): Promise<void> {
    switch (deed.does) {
      case 'call': {
        const { path, method, body } = deed;
        // What it changes has changed when this returns; its answer may have to wait for the disk,
        // and the disk for this world to go on. Nobody is here to hear of a failure again.
        void this.#api({ path, method, body: valueOf(body) }).catch(() => {});
        return;
      }
      case 'dial':
        this.#dial(deed.guest);
        return;
      case 'send':
        this.#guests.get(deed.guest)?.receive(bytesOfBase64Url(deed.data).buffer);
        return;
      case 'say':
        this.#guests.get(deed.guest)?.receive(deed.word);
        return;
      case 'lose':
        this.#guests.get(deed.guest)?.lose();
        return;
      case 'start':
        await this.#startAgain(deed.client);
        return;
      case 'restart':
        await this.#env.restart();
        return;
      default:
        this.#obey(deed);
    }
  }

  #obey(deed: Deed): void {
    const { clients } = this.#env;
    if (deed.does === 'kill') clients.kill(deed.name);
    else if (deed.does === 'remove') clients.remove(deed.name);
    else if (deed.does === 'pause') clients.setPaused(deed.name, deed.paused);
    else if (deed.does === 'delay') clients.setDelay(deed.name, deed.delayMs);
  }

  /** The page makes the Worker, and nothing happens before it is there. */
  #startAgain(client: ClientSpec): Promise<void> | undefined {
    const spawner = this.#spawner;
    if (spawner === undefined) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#starting = undefined;
        resolve();
      };
      this.#starting = { name: client.name, done };
      spawner.postMessage(client);
    });
  }
}

/** A deed for people; '' for those that are only a part of one. */
function wordsOf(deed: Deed): string {
  switch (deed.does) {
    case 'call': return `${deed.method} ${deed.path}`;
    case 'dial': return 'a screen connects';
    case 'send': return 'a screen sends frames';
    case 'start': return `start ${deed.client.name}`;
    case 'kill': return `kill ${deed.name}`;
    case 'remove': return `remove ${deed.name}`;
    case 'pause': return `${deed.paused ? 'pause' : 'resume'} ${deed.name}`;
    case 'delay': return `slow down ${deed.name}`;
    case 'restart': return 'restart the broker';
    default: return '';
  }
}
