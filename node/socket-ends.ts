import type { Socket } from 'node:net';

/** The ends of sockets that show another peer than the one that the kernel knows. */
const kept = new WeakMap<Socket, string>();

/** The two ends of a connection as the kernel has them; undefined: it is gone. */
export function endsOf(socket: Socket): string | undefined {
  const known = kept.get(socket);
  if (known !== undefined) return known;
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Remembers the ends of a socket, before it shows another peer. */
export function keepEnds(socket: Socket): void {
  const ends = endsOf(socket);
  if (ends !== undefined) kept.set(socket, ends);
}
