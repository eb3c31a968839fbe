import { BehaviorSubject, Subject, type Subscription } from 'rxjs';
import type { Broker } from '../core/broker/broker.ts';
import type { TransportEnv } from '../core/session/transport.ts';
import type { Dropped } from '../core/storage/index.ts';
import type { BrokerSettings } from './line.ts';
import type { StorageKind } from './storage.ts';
import { describeTrouble } from './storage-trouble.ts';

/** A broker, and what its connections are served with. */
export interface HostedBroker {
  readonly broker: Broker;
  readonly env: TransportEnv;
  /** What keeps its data. */
  readonly storage: StorageKind;
  /** Why that is not what was wished for, or not all of it. */
  readonly notice?: string;
  /** What of its data a salvage gave up. */
  readonly salvaged?: readonly Dropped[];
}

export type OpenBroker = (settings: BrokerSettings) => Promise<HostedBroker>;

/** The broker of one name: from one opening to the next, and what there is to say about it. */
export class NamedBroker {
  /** What is wrong with its storage; undefined while all is well. */
  readonly notice$ = new BehaviorSubject<string | undefined>(undefined);
  /** Each time it was opened. */
  readonly opened$ = new Subject<HostedBroker>();
  readonly #open: OpenBroker;
  #settings: BrokerSettings | undefined;
  #hosted: Promise<HostedBroker> | undefined;
  #events: Subscription | undefined;

  constructor(open: OpenBroker) {
    this.#open = open;
  }

  /** The broker that runs, or else one that is opened for whoever asks. */
  get(settings: BrokerSettings): Promise<HostedBroker> {
    const { name, storage } = settings;
    const running = this.#settings?.storage ?? storage;
    if (this.#hosted !== undefined && running !== storage) {
      return Promise.reject(
        new Error(`The broker '${name}' runs with storage '${running}', not '${storage}'.`),
      );
    }
    return this.#hosted ?? this.#keep(settings, this.#start(settings));
  }

  /** Stops it, in good order where it can, and opens it again with what is durable. */
  restart(settings: BrokerSettings): Promise<HostedBroker> {
    const before = this.#hosted;
    return this.#keep(settings, (async () => {
      // What could not be opened is not there; what failed says so once more when it is stopped.
      await before?.then(({ broker }) => broker.stop()).catch(() => {});
      return this.#start(settings);
    })());
  }

  #keep(settings: BrokerSettings, hosted: Promise<HostedBroker>): Promise<HostedBroker> {
    this.#settings = settings;
    this.#hosted = hosted;
    hosted.catch(() => {
      // The next one who asks tries again.
      if (this.#hosted === hosted) this.#hosted = undefined;
    });
    return hosted;
  }

  async #start(settings: BrokerSettings): Promise<HostedBroker> {
    const hosted = await this.#open(settings);
    this.#watch(hosted);
    this.opened$.next(hosted);
    return hosted;
  }

  #watch(hosted: HostedBroker): void {
    const { notice, broker } = hosted;
    this.notice$.next(notice);
    this.#events?.unsubscribe();
    this.#events = broker.events$.subscribe((event) => {
      if (event.type !== 'journal.trouble') return;
      this.notice$.next(describeTrouble(event) ?? notice);
    });
  }
}
