import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Tuning } from '../../session/tune.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { ServerConnection } from './server-connection.ts';

/** What connection.tune offers. CON-13. */
export const offered: Tuning = {
  channelMax: limits.channelsMax,
  frameMax: limits.frameBytesMax,
  heartbeat: limits.heartbeatSeconds,
};

/** What a limit of a user refuses is the fault of no method. */
const NO_METHOD = [0, 0] as const;

/**
 * The virtual host that a client opens. Errors: 530 where it is not there or may not be opened, or
 * where there are as many connections as may be. CON-17.
 */
export function openableVhost(connection: ServerConnection, name: string): VirtualHost {
  const { broker, identity } = connection;
  if (broker.connectionCount > broker.options.connectionsMax) {
    throw new AmqpError('NOT_ALLOWED', 'connection refused: node connection limit ' +
      `(${broker.options.connectionsMax}) is reached`);
  }
  const vhost = broker.openVhost(name);
  if (vhost === undefined) throw new AmqpError('NOT_ALLOWED', `vhost ${name} not found`);
  checkConnectionLimits(connection, vhost);
  if (identity.mayOpen(name)) return vhost;
  const text = `access to vhost '${name}' refused for user '${identity.user}'`;
  const { whyNot } = identity;
  throw new AmqpError('NOT_ALLOWED', whyNot === undefined ? text : `${text}, ${whyNot}`);
}

/** Errors: 530 where the virtual host or the user has as many connections as may be. */
function checkConnectionLimits(
  { broker, identity: { user } }: ServerConnection, vhost: VirtualHost,
): void {
  const { name } = vhost;
  const ofVhost = vhost.limits.of('max-connections');
  if (isReached(ofVhost, broker.connections, ({ info }) => info.vhost === name)) {
    throw new AmqpError('NOT_ALLOWED', `access to vhost '${name}' refused for user '${user}': ` +
      `connection limit (${ofVhost}) is reached`);
  }
  const ofUser = broker.access.users.limitOf(user, 'max-connections');
  const isOpen = ({ info }: ServerConnection): boolean => info.user === user && info.vhost !== '';
  if (!isReached(ofUser, broker.connections, isOpen)) return;
  throw new AmqpError('NOT_ALLOWED', `connection refused for user '${user}': user connection ` +
    `limit (${ofUser}) is reached`);
}

/** Whether there are so many connections like this. They are counted where there is a limit. */
function isReached(
  max: number, connections: Iterable<ServerConnection>,
  isLike: (connection: ServerConnection) => boolean,
): boolean {
  if (max === Infinity) return false;
  let count = 0;
  for (const connection of connections) if (isLike(connection)) count++;
  return count >= max;
}

/** Errors: 530 on the connection where the user has as many channels as may be. */
export function checkChannelLimit({ broker, identity: { user } }: ServerConnection): void {
  const max = broker.access.users.limitOf(user, 'max-channels');
  if (max === Infinity) return;
  let count = 0;
  for (const { identity, channelCount } of broker.connections) {
    if (identity.user === user) count += channelCount;
  }
  if (count < max) return;
  throw new AmqpError('NOT_ALLOWED', `number of channels opened for user '${user}' has reached ` +
    `the maximum allowed user limit of (${max})`, NO_METHOD);
}
