import type { ServerConnection } from '../../broker/connection/server-connection.ts';
import { AmqpError } from '../../errors.ts';
import { done } from '../answer.ts';
import { notAuthorised, objectNotFound } from '../api-error.ts';
import type { Call } from '../call.ts';
import { channelTable, wholeChannelTable } from '../objects/channel-table.ts';
import { connectionTable } from '../objects/connection-table.ts';
import { channelName } from '../objects/endpoints.ts';
import { act, list, single, type Route } from '../route.ts';

const NO_OBJECT = 'User not authorised to access object';

/** The connection of the path, by its name or its id. Errors: 404; 401 where it is another's. */
function connectionOf({ broker, caller, names }: Call): ServerConnection {
  const wanted = names['connection']!;
  const found = [...broker.connections].find(({ info }) => (
    info.name === wanted || info.id === wanted));
  if (found === undefined) throw objectNotFound();
  if (!caller.isMonitor && found.identity.user !== caller.user) throw notAuthorised(NO_OBJECT);
  return found;
}

function channelOf(call: Call) {
  const wanted = call.names['channel']!;
  const all = [...call.broker.connections].flatMap(({ channels }) => [...channels]);
  const found = all.find((channel) => (
    channelName(channel) === wanted || channel.owner === wanted));
  if (found === undefined) throw objectNotFound();
  if (!call.channels.includes(found)) throw notAuthorised(NO_OBJECT);
  return found;
}

function ofUser({ connections, names }: Call): readonly ServerConnection[] {
  return connections.filter(({ info }) => info.user === names['user']);
}

/** Whoever may not close it does not. */
function close(call: Call, connections: readonly ServerConnection[]): unknown {
  const { caller, request } = call;
  const reason = request?.headers.get('x-reason') ?? 'Closed via management plugin';
  for (const connection of connections) {
    if (!caller.isAdministrator && connection.identity.user !== caller.user) {
      throw notAuthorised('Not administrator user');
    }
  }
  for (const each of connections) each.close(new AmqpError('CONNECTION_FORCED', reason));
  return done;
}

/** Connections and channels. */
export const connectionRoutes: readonly Route[] = [
  list('/api/connections', 'management', 'Connections: all of them, or those of the user',
    connectionTable, ({ connections }) => connections),
  list('/api/connections/username/:user', 'management', 'Connections of a user',
    connectionTable, ofUser),
  act('DELETE', '/api/connections/username/:user', 'management', {
    says: 'Close the connections of a user; the header X-Reason tells them why',
  }, (call) => close(call, ofUser(call))),
  single('/api/connections/:connection', 'management', 'One connection', connectionTable,
    connectionOf),
  act('DELETE', '/api/connections/:connection', 'management', {
    says: 'Close a connection; the header X-Reason tells it why',
  }, (call) => close(call, [connectionOf(call)])),
  list('/api/connections/:connection/channels', 'management', 'Channels of a connection',
    channelTable, (call) => connectionOf(call).channels),
  list('/api/channels', 'management', 'Channels: all of them, or those of the user',
    channelTable, ({ channels }) => channels),
  single('/api/channels/:channel', 'management', 'One channel', wholeChannelTable, channelOf),
];
