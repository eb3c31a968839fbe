import { BlockList, isIP, isIPv6, type Server, type Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { Log } from './log.ts';
import { withoutMapping } from './peer-address.ts';
import { readProxyHeader, type ProxiedSource, type ProxyHeader } from './proxy-header.ts';
import { endsOf, keepEnds } from './socket-ends.ts';

/** What becomes of a connection whose first octets were looked at. */
export interface Reception {
  /** It is somebody's: of the proxied source, or of whoever connected. */
  readonly serve: (proxied: boolean) => void;
  /** It is to be hung up on, after these words where it speaks HTTP. */
  readonly refuse: (sentence: string) => void;
}

/**
 * The proxies that say in front of each connection whom they pass on, by the PROXY protocol in
 * version 1 or 2. What a trusted one says is the address of the socket from then on, for everybody
 * who asks it. Who is not trusted connects as ever, and may say nothing of the kind.
 */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'write'>;
  /** By the two ends of a connection, which TLS over it shows too. */
  readonly #sources = new Map<string, ProxiedSource>();
  /** Refused since that was last logged, and when it was. */
  #refused = 0;
  #loggedAt = -Infinity;

  /** `networks`: addresses, or networks such as 10.0.0.0/8. */
  constructor(networks: readonly string[], clock: Clock, log: Pick<Log, 'write'>) {
    for (const network of networks) addNetwork(this.#networks, network);
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks at the first octets of a connection before anybody else does. */
  receive(socket: Socket, { serve, refuse }: Reception): void {
    const isTrusted = this.#trusts(socket);
    let seen = Buffer.alloc(0);
    const leave = (): void => {
      socket.off('data', look).off('end', drop).off('error', drop);
    };
    const drop = (): void => {
      leave();
      socket.on('error', () => {});
      socket.destroy();
    };
    const refused = (sentence: string): void => {
      leave();
      this.#tell(socket, sentence);
      socket.on('error', () => socket.destroy());
      refuse(sentence);
    };
    const look = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const found = find(seen, isTrusted);
      if (found === 'incomplete') return;
      if (typeof found === 'string') return refused(found);
      leave();
      socket.pause();
      if (seen.length > found.bytes) socket.unshift(seen.subarray(found.bytes));
      if (found.source !== undefined) this.#adopt(socket, found.source);
      serve(found.source !== undefined);
    };
    // Who says nothing has the time of a stranger.
    socket.on('data', look).on('end', drop).on('error', drop);
  }

  /** Has the sockets of TLS show the source that the connection below them has. */
  watch(server: Server): Server {
    if (!(server instanceof TlsServer)) return server;
    return server.prependListener('secureConnection', (socket: TLSSocket) => {
      const source = this.#sources.get(endsOf(socket) ?? '');
      if (source !== undefined) show(socket, source);
    });
  }

  #trusts({ remoteAddress }: Socket): boolean {
    const address = withoutMapping(remoteAddress ?? '').replace(/%.*$/, '');
    return isIP(address) !== 0 && this.#networks.check(address, familyOf(address));
  }

  #adopt(socket: Socket, source: ProxiedSource): void {
    const key = endsOf(socket);
    if (key === undefined) return;
    this.#sources.set(key, source);
    socket.once('close', () => this.#sources.delete(key));
    show(socket, source);
  }

  /** A crowd fills no log: it is told of now and then. */
  #tell({ remoteAddress }: Socket, reason: string): void {
    this.#refused++;
    const now = this.#clock.now();
    if (now - this.#loggedAt < nodeLimits.strangersLogMs) return;
    const facts = { peer: withoutMapping(remoteAddress ?? ''), reason, refused: this.#refused };
    this.#log.write('gateway', 'warn', 'refused a PROXY header', facts);
    this.#refused = 0;
    this.#loggedAt = now;
  }
}

/** The header, nothing where none is due, or why the connection is refused. */
function find(octets: Buffer, isTrusted: boolean): ProxyHeader | string {
  try {
    const header = readProxyHeader(octets, nodeLimits.proxyHeaderBytesMax);
    if (header === 'incomplete') return header;
    if (header === 'absent') {
      return isTrusted ? 'A trusted proxy begins with the PROXY protocol, and this did not.' : NONE;
    }
    if (isTrusted) return header;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (isTrusted) return `The header of the PROXY protocol is broken: ${error.message}.`;
  }
  return 'The PROXY protocol is taken from those alone that --proxy-protocol-from names.';
}

const NONE: ProxyHeader = { bytes: 0 };

function show(socket: Socket, { address, port }: ProxiedSource): void {
  keepEnds(socket);
  Object.defineProperties(socket, {
    remoteAddress: { value: address, configurable: true },
    remotePort: { value: port, configurable: true },
    remoteFamily: { value: isIPv6(address) ? 'IPv6' : 'IPv4', configurable: true },
  });
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function addNetwork(networks: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  if (bits === undefined) networks.addAddress(address, familyOf(address));
  else networks.addSubnet(address, Number(bits), familyOf(address));
}

/** Whether `text` is an address, or a network such as 10.0.0.0/8 or fd00::/8. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits === undefined) return bitsMax > 0;
  return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
}
