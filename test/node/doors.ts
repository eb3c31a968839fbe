/** The gateway's doors with any Serve behind them, on ports of their own and a virtual clock. */
import type { Server } from 'node:net';
import { Observable, Subject, type Observer } from 'rxjs';
import { onTestFinished } from 'vitest';
import { BufferPool, limits, VirtualClock, type Link, type Serve } from '../../core/index.ts';
import { Doors, type Accept } from '../../node/doors.ts';
import { HostRule } from '../../node/host-rule.ts';
import { answerHttp } from '../../node/http.ts';
import { Log } from '../../node/log.ts';
import { OriginRule } from '../../node/origin.ts';
import { httpServer, tcpServer, tlsServer } from '../../node/servers.ts';
import { readTls, type TlsFiles } from '../../node/tls.ts';
import { TrustedProxies } from '../../node/trusted-proxies.ts';
import { WebSocketAcceptor } from '../../node/websocket.ts';
import { Inbox } from '../clients/waiting.ts';

export interface OpenDoors {
  readonly tcpPort: number;
  readonly httpPort: number;
  /** 0 unless there is a certificate. */
  readonly tlsPort: number;
  readonly doors: Doors;
  readonly clock: VirtualClock;
  readonly pool: BufferPool;
  /** Lines of the log, as JSON. */
  readonly logged: readonly Record<string, unknown>[];
}

export interface DoorsOptions {
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly strangersMax?: number;
  readonly proxyProtocolFrom?: readonly string[];
  readonly tls?: TlsFiles;
}

export async function openDoors(serve: Serve, options: DoorsOptions = {}): Promise<OpenDoors> {
  const { allowedOrigins, allowedHosts, strangersMax, proxyProtocolFrom, tls } = options;
  const clock = new VirtualClock();
  const pool = new BufferPool();
  const logged: Record<string, unknown>[] = [];
  const log = new Log({ format: 'json', write: (line) => logged.push(JSON.parse(line)) });
  const proxies = proxyProtocolFrom && new TrustedProxies(proxyProtocolFrom, clock, log);
  const doors = new Doors(serve, { clock, pool }, log, { strangersMax, proxies });
  onTestFinished(async () => {
    const closed = doors.close();
    clock.advanceBy(limits.lingerMs);
    await closed;
  });
  const http = {
    answer: answerHttp({ version: '1.2.3', urls: () => doors.listeners.map(({ url }) => url) }),
    webSockets: new WebSocketAcceptor(new OriginRule(allowedOrigins)),
    hosts: new HostRule(allowedHosts),
  };
  const place = { hosts: ['127.0.0.1'], port: 0, hostsMayBeAbsent: false };
  await doors.open('amqp', tcpServer, place);
  await doors.open('http', (accept: Accept): Server => httpServer(http, accept), place);
  if (tls !== undefined) await doors.open('amqps', (accept) => tlsServer(readTls(tls), accept), place);
  const [tcpPort = 0, httpPort = 0, tlsPort = 0] = doors.listeners.map(({ port }) => port);
  return { tcpPort, httpPort, tlsPort, doors, clock, pool, logged };
}

/** Knows everybody at once. */
export const echo: Serve = (inbound, link) => {
  link.opened!();
  return new Observable((outbound) => inbound.subscribe({
    next: (chunk) => outbound.next(chunk.slice()),
    error: () => outbound.complete(),
    complete: () => outbound.complete(),
  }));
};

/** What happened to the inbound of a connection, in order. */
export type InboundEvent = Uint8Array | 'completed' | 'failed';

/** The broker's end of a connection, held by a test. */
export interface HeldEnd {
  readonly link: Link;
  readonly outbound: Observer<Uint8Array>;
  readonly inbound: Inbox<InboundEvent>;
  /** Resolves when the transport gives the connection up. */
  readonly unsubscribed: Promise<void>;
}

/** A Serve that hands each connection to the test. `opened`: the clients are no strangers. Default: true. */
export function held({ opened = true } = {}): { readonly serve: Serve; readonly ends: Inbox<HeldEnd> } {
  const ends = new Inbox<HeldEnd>();
  const serve: Serve = (inbound, link) => new Observable((subscriber) => {
    if (opened) link.opened!();
    const events = new Inbox<InboundEvent>();
    const outbound = new Subject<Uint8Array>();
    outbound.subscribe(subscriber);
    const unsubscribed = new Promise<void>((resolve) => {
      subscriber.add(() => resolve());
    });
    inbound.subscribe({
      next: events.put,
      error: () => events.put('failed'),
      complete: () => events.put('completed'),
    });
    ends.put({ link, outbound, inbound: events, unsubscribed });
  });
  return { serve, ends };
}
