import type { PeerInfo } from '../../ports.ts';
import type { ConnectionInfo } from '../events/events.ts';

/** Who is at the other end of a new connection, as far as that is known. */
export function infoOf(id: string, link: PeerInfo, connectedAt: number): ConnectionInfo {
  const { transport, local } = link;
  const peer = endText(link) ?? transport;
  const here = local === undefined ? undefined : endText(local);
  return {
    id, transport, peer, link, connectedAt,
    name: here === undefined ? id : `${peer} -> ${here}`,
    user: '', vhost: '', mechanism: '', clientProperties: {},
  };
}

/** `127.0.0.1:5672`, or `[::1]:5672` as RabbitMQ writes it; undefined where there is no address. */
function endText({ address, port }: Pick<PeerInfo, 'address' | 'port'>): string | undefined {
  if (address === '') return undefined;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
