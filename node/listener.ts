import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Server as TlsServer, type SecureContextOptions } from 'node:tls';
import { nodeLimits } from './limits.ts';
import { StartError, codeOf } from './start-error.ts';

/** A server that listens, and all the sockets it accepted. */
export class Listener {
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  constructor(server: Server, host: string, sockets: ReadonlySet<Socket>) {
    this.#server = server;
    this.host = host;
    this.port = (server.address() as AddressInfo).port;
    this.#sockets = sockets;
  }

  /** Shows another certificate to whoever connects from now on, where it shows one at all. */
  renewTls(tls: SecureContextOptions): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(tls);
  }

  /** Accepts nobody any more; those who are in stay. */
  refuse(): void {
    this.#server.close();
  }

  /** Drops whoever is left, and resolves when the last is gone. */
  async close(): Promise<void> {
    this.refuse();
    await Promise.all([...this.#sockets].map((socket) => new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.destroy();
    })));
  }
}

/** Looks at a connection before the server does. */
export type Receive = (socket: Socket, serve: () => void) => void;

export interface ListenOptions {
  readonly hosts: readonly string[];
  /** 0 picks a free port, the same on all hosts. */
  readonly port: number;
  /** Whether a host may be absent from this machine, as ::1 is where IPv6 is off. */
  readonly hostsMayBeAbsent: boolean;
  /** Asked about each connection that was accepted; one with `false` is dropped. */
  readonly admit: (socket: Socket) => boolean;
  /** Gets each that was admitted first, and calls `serve` if it may go on. Default: all do. */
  readonly receive?: Receive | undefined;
  /** Hears of connections that could not be accepted, as when the process has too many open. */
  readonly onError: (error: Error) => void;
}

/** Starts one server for each host; all of them listen, or none does. */
export async function listen(
  makeServer: () => Server,
  options: ListenOptions,
): Promise<readonly Listener[]> {
  if (options.hosts.length === 0) throw new StartError('There is no address to listen on.');
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnHosts(makeServer, options);
    } catch (error) {
      const anotherPortMayDo = options.port === 0 && error instanceof PortTaken;
      if (!anotherPortMayDo || attempt === nodeLimits.freePortAttemptsMax) throw error;
    }
  }
}

class PortTaken extends StartError {}

async function listenOnHosts(
  makeServer: () => Server,
  { hosts, port, hostsMayBeAbsent, admit, receive, onError }: ListenOptions,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const host of hosts) {
      const sharedPort = listeners[0]?.port ?? port;
      try {
        const server = makeServer();
        listeners.push(await listenOnHost(server, host, sharedPort, { admit, receive }));
        server.on('error', onError);
      } catch (error) {
        const oneIsLeft = listeners.length > 0 || host !== hosts.at(-1);
        if (hostsMayBeAbsent && oneIsLeft && isAbsence(error)) continue;
        throw startErrorOf(error, host, sharedPort);
      }
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.refuse();
    throw error;
  }
}

async function listenOnHost(
  server: Server,
  host: string,
  port: number,
  { admit, receive }: Pick<ListenOptions, 'admit' | 'receive'>,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  // Before TLS or HTTP sees it: who is not admitted costs no more than the accept.
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!admit(socket)) return socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const handOn = (): void => {
      for (const each of serve) each.call(server, socket);
    };
    if (receive === undefined) handOn();
    else receive(socket, handOn);
  });
  // Each address is named by itself; :: would take the IPv4 ones too and collide with 0.0.0.0.
  server.listen({ host, port, ipv6Only: true, backlog: nodeLimits.acceptQueueMax });
  await once(server, 'listening');
  return new Listener(server, host, sockets);
}

function isAbsence(error: unknown): boolean {
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error));
}

function startErrorOf(error: unknown, host: string, port: number): unknown {
  const place = `port ${port} of ${host}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new PortTaken(`Cannot listen on ${place}: it is in use by another program.`);
    case 'EACCES':
      return new StartError(`Cannot listen on ${place}: this user may not open that port.`);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new StartError(`Cannot listen on ${place}: this machine has no such address.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(`Cannot listen on ${place}: the host name has no address.`);
    default:
      return error;
  }
}
