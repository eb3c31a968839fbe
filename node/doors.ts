import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6, type Server, type Socket } from 'node:net';
import { EMPTY, Subject, catchError, mergeMap, type Subscription } from 'rxjs';
import {
  limits, serveTransport, type Clock, type Serve, type Transport, type TransportEnv,
} from '../core/index.ts';
import { listen, type ListenOptions, type Listener } from './listener.ts';
import type { Log } from './log.ts';
import { Strangers } from './strangers.ts';
import type { AcceptedTransport } from './tcp.ts';

/** AMQP over TCP, over WebSocket, and both over TLS. */
export type WayIn = 'amqp' | 'http' | 'amqps' | 'https';

/** Where doors tell of what goes wrong. */
export type DoorLog = Pick<Log, 'write'>;

/** Takes over a connection that a server accepted. */
export type Accept = (transport: AcceptedTransport) => void;

/** Where a client can come in. */
export interface ListenerInfo {
  readonly way: WayIn;
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** What stands before and behind the address in a URL. */
const urlParts: Readonly<Record<WayIn, readonly [string, string]>> = {
  amqp: ['amqp://', ''],
  http: ['ws://', '/ws/amqp'],
  amqps: ['amqps://', ''],
  https: ['wss://', '/ws/amqp'],
};

/** All ways in to one `Serve`, and everybody who came in by one. */
export class Doors {
  readonly strangers: Strangers;
  readonly #clock: Clock;
  readonly #log: DoorLog;
  readonly #open: { readonly info: ListenerInfo; readonly listener: Listener }[] = [];
  readonly #accepted = new Subject<Transport>();
  readonly #serving: Subscription;
  #refusing = false;

  /** `strangersMax`: clients at once that have yet to open a connection. */
  constructor(serve: Serve, env: TransportEnv, log: DoorLog, strangersMax?: number) {
    this.#clock = env.clock;
    this.#log = log;
    this.strangers = new Strangers(env.clock, log, strangersMax);
    const serveOne = (transport: Transport) => serveTransport(transport, serve, env).pipe(
      // A broken invariant ends the connection that met it, and no other.
      catchError((err: unknown) => {
        log.write('connection', 'error', 'ended by a fault of the broker', { err });
        return EMPTY;
      }),
    );
    this.#serving = this.#accepted.pipe(mergeMap(serveOne)).subscribe();
  }

  get listeners(): readonly ListenerInfo[] {
    return this.#open.map(({ info }) => info);
  }

  async open(
    way: WayIn,
    makeServer: (accept: Accept) => Server,
    place: Omit<ListenOptions, 'onError' | 'admit'>,
  ): Promise<void> {
    const accept = this.#accept;
    const makeWatched = (): Server => this.#watchRequests(makeServer(accept));
    const admit = (socket: Socket): boolean => this.#admit(way, socket);
    const onError = (err: Error): void => {
      this.#log.write('gateway', 'warn', 'cannot accept a connection', { way, err });
    };
    for (const listener of await listen(makeWatched, { ...place, admit, onError })) {
      const info = infoOf(way, listener);
      this.#open.push({ info, listener });
      this.#log.write('gateway', 'debug', 'listening', { url: info.url });
    }
  }

  /** Lets nobody in any more; those who are in stay. */
  refuse(): void {
    this.#refusing = true;
    this.#accepted.complete();
    for (const { listener } of this.#open) listener.refuse();
  }

  /** Lets those leave who are on their way out, then drops the rest. */
  async close(): Promise<void> {
    this.refuse();
    await this.#allLeft();
    this.#serving.unsubscribe();
    await Promise.all(this.#open.map(({ listener }) => listener.close()));
  }

  readonly #accept = (transport: AcceptedTransport): void => {
    // A request that was on its way when the doors closed.
    if (this.#refusing) return transport.destroy();
    transport.whenOpened(() => this.strangers.known(transport.socket));
    this.#accepted.next(transport);
  };

  #admit(way: WayIn, socket: Socket): boolean {
    if (this.strangers.admit(socket)) return true;
    // The others have no way to be told, before TLS and before the client said that it is one.
    if (way === 'http') socket.write(CROWDED);
    return false;
  }

  /** Whoever asks over HTTP and opens no connection stays a stranger, between its requests. */
  #watchRequests(server: Server): Server {
    const { strangers } = this;
    const watch = ({ socket }: IncomingMessage, response: ServerResponse): void => {
      strangers.answering(socket);
      response.once('close', () => strangers.answered(socket));
    };
    return server.prependListener('request', watch);
  }

  /** Resolves when the last connection has closed, or when that has taken too long. */
  #allLeft(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(limits.lingerMs, resolve);
      this.#serving.add(() => {
        cancel();
        resolve();
      });
    });
  }
}

const CROWDED = [
  'HTTP/1.1 503 Service Unavailable', 'Connection: close', 'Retry-After: 1',
  'Content-Type: text/plain; charset=utf-8', '',
  'Too many clients are about to connect; try again in a moment.\n',
].join('\r\n');

function infoOf(way: WayIn, { host, port }: Listener): ListenerInfo {
  const [scheme, path] = urlParts[way];
  const address = isIPv6(host) ? `[${host}]` : host;
  return { way, host, port, url: `${scheme}${address}:${port}${path}` };
}
