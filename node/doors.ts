import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6, type Server, type Socket } from 'node:net';
import { EMPTY, Subject, catchError, mergeMap, type Subscription } from 'rxjs';
import {
  limits, serveTransport, type Clock, type Serve, type Transport, type TransportEnv,
} from '../core/index.ts';
import { listen, type ListenOptions, type Listener, type Receive } from './listener.ts';
import type { Log } from './log.ts';
import { Strangers } from './strangers.ts';
import type { AcceptedTransport } from './tcp.ts';
import type { TlsOptions } from './tls.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** AMQP over TCP, over WebSocket, and both over TLS; metrics alone. */
export type WayIn = 'amqp' | 'http' | 'amqps' | 'https' | 'metrics';

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
  metrics: ['http://', '/metrics'],
};

export interface DoorsOptions {
  /** Clients at once that have yet to open a connection. Default: `nodeLimits.strangersMax`. */
  readonly strangersMax?: number | undefined;
  /** Who says whom it passes on. Default: nobody. */
  readonly proxies?: TrustedProxies | undefined;
}

/** All ways in to one `Serve`, and everybody who came in by one. */
export class Doors {
  readonly strangers: Strangers;
  readonly #clock: Clock;
  readonly #log: DoorLog;
  readonly #proxies: TrustedProxies | undefined;
  readonly #open: { readonly info: ListenerInfo; readonly listener: Listener }[] = [];
  readonly #accepted = new Subject<Transport>();
  readonly #serving: Subscription;
  #refusing = false;

  constructor(
    serve: Serve, env: TransportEnv, log: DoorLog, { strangersMax, proxies }: DoorsOptions = {},
  ) {
    this.#proxies = proxies;
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
    place: Omit<ListenOptions, 'onError' | 'admit' | 'receive'>,
  ): Promise<void> {
    const proxies = this.#proxies;
    const makeWatched = (): Server => {
      const server = this.#watchRequests(makeServer(this.#accept));
      return proxies?.watch(server) ?? server;
    };
    const receive: Receive | undefined = proxies && ((socket, serve) => {
      this.#receive(proxies, way, socket, serve);
    });
    const admit = (socket: Socket): boolean => this.#admit(way, socket);
    const onError = (err: Error): void => {
      this.#log.write('gateway', 'warn', 'cannot accept a connection', { way, err });
    };
    for (const listener of await listen(makeWatched, { ...place, admit, receive, onError })) {
      const info = infoOf(way, listener);
      this.#open.push({ info, listener });
      this.#log.write('gateway', 'debug', 'listening', { url: info.url });
    }
  }

  /** Shows another certificate from now on. */
  renewTls(tls: TlsOptions): void {
    for (const { listener } of this.#open) listener.renewTls(tls);
  }

  get isRefusing(): boolean {
    return this.#refusing;
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

  /** Whom a proxy passes on is a stranger of where it comes from, and no more of the proxy. */
  #receive(proxies: TrustedProxies, way: WayIn, socket: Socket, serve: () => void): void {
    proxies.receive(socket, {
      serve: (proxied) => {
        if (proxied) {
          this.strangers.known(socket);
          if (!this.#admit(way, socket)) return void socket.destroy();
        }
        serve();
        // TLS reads below the socket; the others read what was put back into it.
        if (way === 'amqp' || way === 'http' || way === 'metrics') socket.resume();
      },
      refuse: (sentence) => {
        // Reads on to the peer's FIN, as far as the time of a stranger goes: to close over unread
        // bytes would send a reset, which may overtake the answer.
        socket.resume();
        if (way === 'http') socket.write(badRequest(sentence));
        socket.end();
      },
    });
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

function badRequest(sentence: string): string {
  return [
    'HTTP/1.1 400 Bad Request', 'Connection: close', 'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(sentence) + 1}`, '', `${sentence}\n`,
  ].join('\r\n');
}

function infoOf(way: WayIn, { host, port }: Listener): ListenerInfo {
  const [scheme, path] = urlParts[way];
  const address = isIPv6(host) ? `[${host}]` : host;
  return { way, host, port, url: `${scheme}${address}:${port}${path}` };
}
