import { BehaviorSubject, type Observable } from 'rxjs';
import { PortTransport, type LivesWord } from '../core/session/message-port.ts';
import type { Dropped } from '../core/storage/index.ts';
import { HostLine } from './host-line.ts';
import { holdLife } from './life.ts';
import type { BrokerSettings, Door, FromHost } from './line.ts';
import { browserLimits } from './limits.ts';
import type { StorageKind } from './storage.ts';

/** A broker could not be had, for the reason that the text tells. */
export class TabBrokerError extends Error {
  override readonly name = 'TabBrokerError';
}

/** Where a broker runs. */
export type Place = 'here' | 'worker' | 'shared-worker' | 'elected-worker';

/** Reaches the host of a broker. It is asked again once the host is gone. */
export interface Route {
  readonly place: Place;
  /** One end of a line whose other end the host has, or will have. */
  open(): MessagePort;
  /** Calls back where the host cannot be reached at all, such as for a script that is not there. */
  onFailure?: (run: (text: string) => void) => void;
  /** What got the line is gone, or does nothing any more: the next line needs another one. */
  renew?: () => void;
  /** The host is needed no longer. */
  close?: () => void;
}

/** How the broker goes down before it is there again. */
export interface RestartOptions {
  /** Opens damaged data with what can be read of them, and gives up the rest. Default: false. */
  readonly salvage?: boolean;
}

const ENDED = 'What runs the broker ended, or does not answer.';

/** A broker as a tab has it, wherever it runs. Make it by `openBroker` or `openBrokerHere`. */
export class TabBroker {
  /**
   * What is wrong with the storage of the broker, in words: it is full, has failed, was damaged
   * and salvaged, or is memory alone although it was to be durable. Undefined while all is well.
   */
  readonly notice$: Observable<string | undefined>;
  readonly #notice$ = new BehaviorSubject<string | undefined>(undefined);
  readonly #route: Route;
  readonly #settings: BrokerSettings;
  #reached: Promise<HostLine> | undefined;
  #storage: StorageKind = 'memory';
  #salvaged: readonly Dropped[] = [];
  /** Aborted when it is closed: nothing of the page calls it any more. */
  readonly #closing = new AbortController();

  /** Resolves once the broker is there; rejects with a TabBrokerError where it cannot be. */
  static async open(route: Route, settings: BrokerSettings): Promise<TabBroker> {
    const broker = new TabBroker(route, settings);
    try {
      await broker.#reach();
    } catch (error) {
      route.close?.();
      throw error;
    }
    broker.#leaveWithThePage();
    return broker;
  }

  private constructor(route: Route, settings: BrokerSettings) {
    this.#route = route;
    this.#settings = settings;
    this.notice$ = this.#notice$.asObservable();
  }

  /** What keeps the data of the broker. */
  get storage(): StorageKind {
    return this.#storage;
  }

  /** What of its data was damaged and given up, as `salvage` allowed, when it was opened. */
  get salvaged(): readonly Dropped[] {
    return this.#salvaged;
  }

  /** Where the broker runs. */
  get place(): Place {
    return this.#route.place;
  }

  /**
   * A new connection: one end of a pair of MessagePorts, which the broker serves at the other. It
   * may be given to a WebSocket, to `connect` of `tabmq/client`, or to another worker or frame.
   */
  readonly dial = (): MessagePort => this.#hand('amqp');

  /**
   * A port to whatever controls the broker, where its host was made with such a thing. It has its
   * event `close` once the host is gone, in every browser, as long as it stays in this page.
   */
  readonly control = (): MessagePort => this.#hand('control');

  /**
   * Stops the broker, in good order where it can, and opens it again with what is durable, such as
   * after its storage failed; for all tabs that use it. Their connections are closed. Rejects with
   * a TabBrokerError where it cannot be opened again; the next connection tries once more.
   */
  async restart({ salvage = false }: RestartOptions = {}): Promise<void> {
    // One that is opened just now needs no restart.
    if (this.#reached === undefined) return void await this.#reach(salvage);
    const line = await this.#reached;
    const answer = await line.ask({ kind: 'restart', salvage }, ['ready', 'failed']);
    if (answer?.kind === 'ready') return;
    if (answer?.kind === 'failed') throw new TabBrokerError(answer.text);
    // With its host it ended, and is opened again with another one.
    await this.#reach(salvage);
  }

  /**
   * Drops the connections of this tab. A broker of its own stops in good order before that, unless
   * its worker has crashed or does not answer; one that other tabs use goes on for them.
   */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const line = await this.#reached?.catch(() => undefined);
    if (line !== undefined) {
      const { place } = this;
      if (place === 'worker' || place === 'here') await line.ask({ kind: 'stop' }, ['stopped']);
      line.close();
    }
    this.#route.close?.();
  }

  #hand(door: Door): MessagePort {
    const { port1, port2 } = new MessageChannel();
    void this.#deliver(door, port2, (line) => {
      // What is said over another port than that of AMQP is not ours to add to.
      if (door === 'control') void line.over.then(() => endPort(port1));
    });
    return port1;
  }

  async #deliver(door: Door, port: MessagePort, handed: (line: HostLine) => void): Promise<void> {
    try {
      let line = await this.#reach();
      while (line.isOver) line = await this.#reach();
      if (door === 'amqp') {
        port.postMessage({ kind: 'lives', lives: line.lives } satisfies LivesWord);
      }
      line.say({ kind: 'dial', door, port }, [port]);
      line.expectLife();
      handed(line);
    } catch {
      // The other end hears that the connection cannot be.
      new PortTransport(port).destroy();
    }
  }

  #reach(salvage = this.#settings.salvage): Promise<HostLine> {
    if (this.#closing.signal.aborted) {
      return Promise.reject(new TabBrokerError('The broker was closed.'));
    }
    if (this.#reached !== undefined) return this.#reached;
    const reached = this.#greet(salvage);
    const forget = (): void => {
      if (this.#reached === reached) this.#reached = undefined;
    };
    reached.then(({ over }) => over.then(forget), forget);
    this.#reached = reached;
    return reached;
  }

  async #greet(salvage: boolean): Promise<HostLine> {
    const settings = { ...this.#settings, salvage };
    const life = await holdLife();
    for (let attempts = 1; ; attempts++) {
      const line = this.#openLine();
      const answer = await line.ask({ kind: 'hello', settings, life }, ['ready', 'failed']);
      if (answer?.kind === 'ready') return line;
      line.close();
      if (answer?.kind === 'failed') throw new TabBrokerError(answer.text);
      if (attempts === browserLimits.openAttemptsMax) throw new TabBrokerError(ENDED);
    }
  }

  #openLine(): HostLine {
    const line = new HostLine(this.#openRoute(), (message) => this.#hear(message));
    this.#route.onFailure?.((text) => line.fail(text));
    void line.over.then(({ nearest }) => void (nearest && this.#route.renew?.()));
    return line;
  }

  #openRoute(): MessagePort {
    try {
      return this.#route.open();
    } catch (error) {
      throw cannotStart(error);
    }
  }

  #hear(message: FromHost): void {
    if (message.kind === 'notice') this.#notice$.next(message.text);
    if (message.kind !== 'ready') return;
    this.#storage = message.storage;
    this.#salvaged = message.salvaged;
  }

  /** A page that is frozen answers no heartbeat, and one that is kept for later may never wake. */
  #leaveWithThePage(): void {
    const leave = (): void => {
      // A host that cannot be reached has nothing of this tab.
      this.#reached?.then((line) => line.say({ kind: 'leave' }), () => {});
    };
    const { signal } = this.#closing;
    globalThis.document?.addEventListener('freeze', leave, { signal });
    globalThis.addEventListener?.('pagehide', leave, { signal });
  }
}

/** Why a worker could not even be begun, as whoever opens a broker is told. */
function cannotStart(error: unknown): TabBrokerError {
  const { message } = error as Error;
  return new TabBrokerError(
    `No worker can be started here: ${message.replace(/\.$/, '')}. ` +
      'openBrokerHere opens a broker in the page itself.', { cause: error },
  );
}

/** Does what a browser does whose ports tell that their other end is gone. */
function endPort(port: MessagePort): void {
  port.dispatchEvent(new Event('close'));
  port.close();
}
