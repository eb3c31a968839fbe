import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import type { ServerConnection } from '../../broker/connection/server-connection.ts';
import type { Broker } from '../../broker/broker.ts';

/** Names and ends of connections and channels, as every object that refers to them shows them. */

/** `127.0.0.1:50000 -> 127.0.0.1:5672 (1)` */
export function channelName({ connection, number }: ServerChannel): string {
  return `${connection.info.name} (${number})`;
}

/** A connection as other objects refer to it. */
export function connectionDetails({ info: { name, link } }: ServerConnection) {
  return { name, peer_host: link.address, peer_port: link.port };
}

/** A channel as a consumer refers to it. */
export function channelDetails(channel: ServerChannel) {
  const { connection, number } = channel;
  const { info: { name, link, user }, broker } = connection;
  return {
    connection_name: name, name: channelName(channel), node: broker.options.node, number,
    peer_host: link.address, peer_port: link.port, user,
  };
}

/** What stands there for a consumer of this process. */
export function detailsInProcess({ options }: Broker) {
  return {
    connection_name: '', name: '', node: options.node, number: 0, peer_host: '', peer_port: 0,
    user: '',
  };
}

/** The open channels of a broker by the names that events have for them: `connection-1/3`. */
export function channelsByOwner(broker: Broker): ReadonlyMap<string, ServerChannel> {
  const found = new Map<string, ServerChannel>();
  for (const { channels } of broker.connections) {
    for (const channel of channels) found.set(channel.owner, channel);
  }
  return found;
}
