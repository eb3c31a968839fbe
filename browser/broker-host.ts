import { Subscription } from 'rxjs';
import type { Broker } from '../core/broker/broker.ts';
import { servePort } from '../core/session/message-port.ts';
import type { TransportEnv } from '../core/session/transport.ts';
import { holdLife, whenGone } from './life.ts';
import type { BrokerSettings, Door, FromHost, FromTab, LineMessage } from './line.ts';
import { openHostedBroker } from './hosted-broker.ts';
import { describeTrouble } from './storage-trouble.ts';
import type { StorageKind } from './storage.ts';

/** A broker, and what its connections are served with. */
export interface HostedBroker {
  readonly broker: Broker;
  readonly env: TransportEnv;
  /** What keeps its data. */
  readonly storage: StorageKind;
  /** Why that is not what was wished for. */
  readonly notice?: string;
}

export interface BrokerHostOptions {
  /** Makes the broker that the first tab asks for by this name. */
  readonly open?: (settings: BrokerSettings) => Promise<HostedBroker>;
  /** Serves a control port of a tab; answers what to do once that tab is gone. */
  readonly control?: (port: MessagePort, hosted: HostedBroker) => (() => void) | void;
}

interface Opened {
  readonly settings: BrokerSettings;
  readonly hosted: Promise<HostedBroker>;
}

/**
 * Runs brokers for tabs: in the page itself, in a worker or in a shared worker. A tab comes with a
 * line, over which it hands in a port for each connection.
 */
export class BrokerHost {
  readonly #options: BrokerHostOptions;
  readonly #brokers = new Map<string, Opened>();
  readonly #life = holdLife();

  constructor(options: BrokerHostOptions = {}) {
    this.#options = options;
  }

  /** Serves a tab. */
  connect(line: MessagePort): void {
    let hosted: Promise<HostedBroker> | undefined;
    let open = new Subscription();
    /** What the tab has as long as it is there, whether it is seen or frozen. */
    const staying = new Subscription();
    const leave = (): void => {
      open.unsubscribe();
      open = new Subscription();
    };
    const end = (): void => {
      leave();
      staying.unsubscribe();
    };
    line.onmessage = ({ data }: MessageEvent<FromTab>) => {
      switch (data.kind) {
        case 'hello':
          hosted = this.#hosted(data.settings);
          void this.#answer(line, hosted, staying);
          void whenGone(data.life).then(end);
          return;
        case 'dial':
          hosted?.then((hosted) => open.add(this.#serve(data.door, data.port, hosted)), ignore);
          return;
        case 'leave':
          leave();
          return;
        case 'stop':
          hosted?.then(({ broker }) => broker.stop()).catch(ignore).then(() => say(line, STOPPED));
      }
    };
    // Not every browser tells; those that do not let go of the tab's lock.
    line.addEventListener('close', end);
  }

  async #answer(
    line: MessagePort, opening: Promise<HostedBroker>, staying: Subscription,
  ): Promise<void> {
    try {
      const { storage, notice, broker } = await opening;
      say(line, { kind: 'ready', life: await this.#life, storage });
      if (notice !== undefined) say(line, { kind: 'notice', text: notice });
      staying.add(broker.events$.subscribe((event) => {
        if (event.type !== 'journal.trouble') return;
        say(line, { kind: 'notice', text: describeTrouble(event) });
      }));
    } catch (error) {
      say(line, { kind: 'failed', text: (error as Error).message });
    }
  }

  async #hosted(settings: BrokerSettings): Promise<HostedBroker> {
    const { name, storage } = settings;
    const known = this.#brokers.get(name);
    if (known !== undefined) {
      const running = known.settings.storage;
      if (running === storage) return known.hosted;
      throw new Error(`The broker '${name}' runs with storage '${running}', not '${storage}'.`);
    }
    const { open = openHostedBroker } = this.#options;
    const hosted = open(settings);
    this.#brokers.set(name, { settings, hosted });
    // The next tab tries again.
    hosted.catch(() => this.#brokers.delete(name));
    return hosted;
  }

  #serve(door: Door, port: MessagePort, hosted: HostedBroker): Subscription {
    if (door === 'amqp') return servePort(port, hosted.broker.serve, hosted.env).subscribe();
    const leave = this.#options.control?.(port, hosted);
    return new Subscription(() => {
      leave?.();
      port.close();
    });
  }
}

const STOPPED: FromHost = { kind: 'stopped' };

/** The answer to the first word of the line has told of it. */
function ignore(): void {}

function say(line: MessagePort, message: FromHost): void {
  line.postMessage(message);
}

/** The events of a worker that bring lines to it. */
interface WorkerScope {
  onconnect?: ((event: MessageEvent) => void) | null;
  onmessage?: ((event: MessageEvent<LineMessage>) => void) | null;
}

/** Makes a host of the worker whose script calls this, at once, before anything is awaited. */
export function hostBrokers(options?: BrokerHostOptions): void {
  const host = new BrokerHost(options);
  const scope = globalThis as WorkerScope;
  scope.onconnect = ({ ports }) => host.connect(ports[0]!);
  scope.onmessage = ({ data }) => {
    if (data?.kind === 'line') host.connect(data.port);
  };
}
