import { BehaviorSubject, filter, firstValueFrom } from 'rxjs';
import { bridge } from './bridge.ts';
import { holdLife, whenGone } from './life.ts';
import type { LineMessage } from './line.ts';
import type { Route } from './tab-broker.ts';

/** What the tabs say to each other; the lives are locks that they hold. */
type Announcement =
  | { readonly kind: 'who leads' }
  | { readonly kind: 'leader'; readonly life: string | undefined }
  /** A follower brings a line, over the channel of this name. */
  | { readonly kind: 'line'; readonly id: string; readonly life: string | undefined };

/** Brings a line to the worker of the leader. */
type Join = (port: MessagePort) => void;

/**
 * For browsers without SharedWorker: the tab that holds a lock runs the worker, and the others
 * reach it through channels that are broadcast. When the leader is gone, so are the connections,
 * and the next in the queue for the lock leads.
 */
export class ElectedRoute implements Route {
  readonly place = 'elected-worker';
  readonly #channel: BroadcastChannel;
  readonly #life = holdLife();
  readonly #join$ = new BehaviorSubject<Join | undefined>(undefined);
  readonly #resign = new AbortController();
  #onFailure: (text: string) => void = () => {};

  constructor(name: string, makeWorker: () => Worker) {
    this.#channel = new BroadcastChannel(`tabmq:election:${name}`);
    this.#channel.onmessage = ({ data }) => void this.#follow(data as Announcement);
    const { signal } = this.#resign;
    navigator.locks
      .request(`tabmq:leader:${name}`, { signal }, () => this.#lead(makeWorker))
      .catch((error: unknown) => {
        // Where it resigns, it waits no longer, or has nobody left to tell.
        if (signal.aborted) return;
        this.#onFailure(`The worker could not be started: ${(error as Error).message}`);
      });
    this.#say({ kind: 'who leads' });
  }

  open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    void firstValueFrom(this.#join$.pipe(filter((join) => join !== undefined)))
      .then((join) => join(port2));
    return port1;
  }

  readonly onFailure = (run: (text: string) => void): void => void (this.#onFailure = run);

  readonly close = (): void => {
    this.#resign.abort();
    this.#channel.close();
  };

  #say(announcement: Announcement): void {
    this.#channel.postMessage(announcement);
  }

  async #follow(announcement: Announcement): Promise<void> {
    if (announcement.kind !== 'leader') return;
    const gone = whenGone(announcement.life);
    const life = await this.#life;
    const join: Join = (port) => {
      const id = crypto.randomUUID();
      bridge(port, { id, role: 'initiator', gone });
      this.#say({ kind: 'line', id, life });
    };
    this.#join$.next(join);
    await gone;
    if (this.#join$.value === join) this.#join$.next(undefined);
  }

  /** Leads until this tab is gone or resigns. */
  async #lead(makeWorker: () => Worker): Promise<void> {
    const worker = makeWorker();
    try {
      worker.onerror = () => this.#onFailure('The script of the worker could not be loaded.');
      const join: Join = (port) => {
        const message: LineMessage = { kind: 'line', port };
        worker.postMessage(message, [port]);
      };
      const life = await this.#life;
      this.#channel.onmessage = ({ data }) => {
        const announcement = data as Announcement;
        if (announcement.kind === 'who leads') this.#say({ kind: 'leader', life });
        if (announcement.kind !== 'line') return;
        const { port1, port2 } = new MessageChannel();
        const gone = whenGone(announcement.life);
        bridge(port1, { id: announcement.id, role: 'acceptor', gone });
        join(port2);
      };
      this.#say({ kind: 'leader', life });
      this.#join$.next(join);
      const { signal } = this.#resign;
      await new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        else signal.addEventListener('abort', resolve);
      });
    } finally {
      worker.terminate();
    }
  }
}
