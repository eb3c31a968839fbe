import { BehaviorSubject, type Observable } from 'rxjs';
import { PortTransport } from '../core/session/message-port.ts';
import { holdLife, whenGone } from './life.ts';
import type { BrokerSettings, Door, FromHost, FromTab } from './line.ts';
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
  /** The host is needed no longer. */
  close?: () => void;
}

/** A host that has said that the broker is there. */
interface Reached {
  readonly line: MessagePort;
  /** Resolves once that host is gone, whether it said so or not. */
  readonly gone: Promise<unknown>;
}

/** A broker as a tab has it, wherever it runs. Make it by `openBroker` or `openBrokerHere`. */
export class TabBroker {
  /**
   * What is wrong with the storage of the broker, in words: it is full, has failed, or is memory
   * alone although it was to be durable. Undefined while all is well.
   */
  readonly notice$: Observable<string | undefined>;
  readonly #notice$ = new BehaviorSubject<string | undefined>(undefined);
  readonly #route: Route;
  readonly #settings: BrokerSettings;
  readonly #life = holdLife();
  #reached: Promise<Reached> | undefined;
  #storage: StorageKind = 'memory';
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

  get place(): Place {
    return this.#route.place;
  }

  /**
   * A new connection: one end of a pair of MessagePorts, which the broker serves at the other. It
   * may be given to a WebSocket, to `connect` of `tabmq/client`, or to another worker or frame.
   */
  readonly dial = (): MessagePort => this.#hand('amqp');

  /** A port to whatever controls the broker, where its host was made with such a thing. */
  readonly control = (): MessagePort => this.#hand('control');

  /**
   * Drops the connections of this tab. A broker of its own stops in good order before that, unless
   * its worker has crashed; one that other tabs use goes on for them.
   */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const reached = await this.#reached?.catch(() => undefined);
    if (reached !== undefined) {
      await this.#bidFarewell(reached);
      reached.line.close();
    }
    this.#route.close?.();
  }

  #hand(door: Door): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#reach().then(
      ({ line }) => say(line, { kind: 'dial', door, port: port2 }, [port2]),
      // The other end hears that the connection cannot be.
      () => new PortTransport(port2).destroy(),
    );
    return port1;
  }

  #reach(): Promise<Reached> {
    if (this.#closing.signal.aborted) {
      return Promise.reject(new TabBrokerError('The broker was closed.'));
    }
    this.#reached ??= this.#greet().catch((error: unknown) => {
      this.#reached = undefined;
      throw error;
    });
    return this.#reached;
  }

  async #greet(): Promise<Reached> {
    const line = this.#route.open();
    // Before anything is awaited: a script that is not there is told of once.
    const answering = new Promise<FromHost>((resolve) => {
      line.onmessage = ({ data }: MessageEvent<FromHost>) => {
        if (data.kind === 'notice') this.#notice$.next(data.text);
        else resolve(data);
      };
      this.#route.onFailure?.((text) => resolve({ kind: 'failed', text }));
    });
    say(line, { kind: 'hello', settings: this.#settings, life: await this.#life });
    const answer = await answering;
    if (answer.kind !== 'ready') {
      line.close();
      throw new TabBrokerError(answer.kind === 'failed' ? answer.text : 'The broker has stopped.');
    }
    const closed = new Promise((resolve) => line.addEventListener('close', resolve));
    const gone = Promise.race([closed, whenGone(answer.life)]);
    void gone.then(() => (this.#reached = undefined));
    this.#storage = answer.storage;
    return { line, gone };
  }

  async #bidFarewell({ line, gone }: Reached): Promise<void> {
    if (this.place === 'shared-worker' || this.place === 'elected-worker') {
      say(line, { kind: 'leave' });
      return;
    }
    const stopped = new Promise<void>((resolve) => {
      line.onmessage = ({ data }: MessageEvent<FromHost>) => {
        if (data.kind === 'stopped') resolve();
      };
    });
    say(line, { kind: 'stop' });
    // A worker that has crashed answers nothing.
    await Promise.race([stopped, gone]);
  }

  /** A page that is frozen answers no heartbeat, and one that is kept for later may never wake. */
  #leaveWithThePage(): void {
    const leave = (): void => {
      // A host that cannot be reached has nothing of this tab.
      this.#reached?.then(({ line }) => say(line, { kind: 'leave' }), () => {});
    };
    const { signal } = this.#closing;
    globalThis.document?.addEventListener('freeze', leave, { signal });
    globalThis.addEventListener?.('pagehide', leave, { signal });
  }
}

function say(line: MessagePort, message: FromTab, transfer: MessagePort[] = []): void {
  line.postMessage(message, transfer);
}
