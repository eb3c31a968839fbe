import { skipWhile, Subscription } from 'rxjs';
import { PortTransport, servePort } from '../core/session/message-port.ts';
import { LOST } from './bridge.ts';
import { openHostedBroker } from './hosted-broker.ts';
import { holdLife, watchLife } from './life.ts';
import type { BrokerSettings, Door, FromHost, FromTab } from './line.ts';
import { NamedBroker, type HostedBroker, type OpenBroker } from './named-broker.ts';
import { receiveLines } from './receive-lines.ts';

export interface BrokerHostOptions {
  /** Makes the broker that the first tab asks for by this name. */
  readonly open?: OpenBroker;
  /** Serves a control port of a tab; answers what to do once that tab is gone. */
  readonly control?: (port: MessagePort, hosted: HostedBroker) => (() => void) | void;
}

/**
 * Runs brokers for tabs: in the page itself, in a worker or in a shared worker. A tab comes with a
 * line, over which it hands in a port for each connection.
 */
export class BrokerHost {
  readonly #options: BrokerHostOptions;
  readonly #brokers = new Map<string, NamedBroker>();

  constructor(options: BrokerHostOptions = {}) {
    this.#options = options;
  }

  /** Serves a tab. */
  connect(line: MessagePort): void {
    const { control, open = openHostedBroker } = this.#options;
    const named = (name: string): NamedBroker => {
      const known = this.#brokers.get(name) ?? new NamedBroker(open);
      this.#brokers.set(name, known);
      return known;
    };
    new ServedTab(line, named, control).listen();
  }
}

/** A tab as its host has it. */
class ServedTab {
  readonly #line: MessagePort;
  readonly #named: (name: string) => NamedBroker;
  readonly #control: BrokerHostOptions['control'];
  readonly #life = holdLife();
  #settings: BrokerSettings | undefined;
  /** What the tab has open. */
  #open = new Subscription();
  /** What the tab has as long as it is there, whether it is seen or frozen. */
  readonly #staying = new Subscription();

  constructor(
    line: MessagePort, named: (name: string) => NamedBroker, control: BrokerHostOptions['control'],
  ) {
    this.#line = line;
    this.#named = named;
    this.#control = control;
  }

  listen(): void {
    const line = this.#line;
    void this.#life.then((life) => this.#say({ kind: 'host', life }));
    line.onmessage = ({ data }: MessageEvent<FromTab | typeof LOST>) => {
      if (data === LOST) this.#end();
      else this.#hear(data);
    };
    // Not every browser tells; those that do not let go of the tab's lock.
    line.addEventListener('close', () => this.#end());
  }

  #hear(message: FromTab): void {
    switch (message.kind) {
      case 'hello':
        this.#settings = message.settings;
        void this.#greet(message.settings);
        if (message.life !== undefined) {
          this.#staying.add(watchLife(message.life, () => this.#end()));
        }
        return;
      case 'ping':
        return this.#say({ kind: 'pong' });
      case 'leave':
        return this.#leave();
      case 'bye':
        return this.#end();
    }
    const settings = this.#settings;
    if (settings === undefined) return;
    const broker = this.#named(settings.name);
    switch (message.kind) {
      case 'dial':
        return void this.#dial(broker.get(settings), message.door, message.port);
      case 'restart':
        return this.#restart(broker, { ...settings, salvage: message.salvage });
      case 'stop':
        broker.get(settings).then((hosted) => hosted.broker.stop()).catch(ignore)
          .then(() => this.#say({ kind: 'stopped' }));
    }
  }

  async #greet(settings: BrokerSettings): Promise<void> {
    const named = this.#named(settings.name);
    try {
      const hosted = await named.get(settings);
      await this.#life;
      this.#ready(hosted);
      this.#staying.add(named.opened$.subscribe((hosted) => this.#ready(hosted)));
      this.#staying.add(named.notice$.pipe(skipWhile((text) => text === undefined))
        .subscribe((text) => this.#say({ kind: 'notice', text })));
    } catch (error) {
      this.#fail(error);
    }
  }

  #restart(broker: NamedBroker, settings: BrokerSettings): void {
    // All tabs hear that it is there again.
    broker.restart(settings).catch((error: unknown) => this.#fail(error));
  }

  /** A port that leads nowhere is ended, so that nobody waits at its other end. */
  async #dial(opening: Promise<HostedBroker>, door: Door, port: MessagePort): Promise<void> {
    const open = this.#open;
    try {
      const hosted = await opening;
      open.add(this.#serve(door, port, hosted));
    } catch {
      new PortTransport(port).destroy();
    }
  }

  #serve(door: Door, port: MessagePort, hosted: HostedBroker): Subscription {
    if (door === 'amqp') return servePort(port, hosted.broker.serve, hosted.env).subscribe();
    const leave = this.#control?.(port, hosted);
    return new Subscription(() => {
      leave?.();
      port.close();
    });
  }

  #leave(): void {
    this.#open.unsubscribe();
    this.#open = new Subscription();
  }

  #end(): void {
    this.#leave();
    this.#staying.unsubscribe();
    this.#line.close();
  }

  #ready({ storage, salvaged = [] }: HostedBroker): void {
    this.#say({ kind: 'ready', storage, salvaged });
  }

  #fail(error: unknown): void {
    this.#say({ kind: 'failed', text: (error as Error).message });
  }

  #say(message: FromHost): void {
    this.#line.postMessage(message);
  }
}

/** What failed has been told of. */
function ignore(): void {}

/** Makes a host of the worker whose script calls this, at once, before anything is awaited. */
export function hostBrokers(options?: BrokerHostOptions): void {
  const host = new BrokerHost(options);
  receiveLines((line) => host.connect(line));
}
