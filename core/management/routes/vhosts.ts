import * as v from 'valibot';
import { done, put } from '../answer.ts';
import { objectNotFound } from '../api-error.ts';
import { optionalFlag, object, tags, text } from '../body.ts';
import type { Call } from '../call.ts';
import { permissionTable, topicPermissionTable } from '../objects/access-tables.ts';
import { channelTable } from '../objects/channel-table.ts';
import { connectionTable } from '../objects/connection-table.ts';
import { vhostTable } from '../objects/vhost-table.ts';
import { applyVhost } from '../setting-definitions.ts';
import { act, change, list, single, type Route } from '../route.ts';
import { badNode } from './cluster.ts';

/** The virtual host of a path about which everybody who asks is an administrator. */
function existing({ broker, names }: Call) {
  const vhost = broker.vhosts.get(names['vhost']!);
  if (vhost === undefined) throw objectNotFound();
  return vhost;
}

/** Whoever makes a virtual host may do everything in it, as with RabbitMQ. */
function letIn({ broker, caller }: Call, vhost: string): void {
  const { users, permissions } = broker.access;
  // In process nobody asks in the name of a user, so whoever administers the broker may.
  const makers = caller.user === ''
    ? users.list.filter((user) => user.tags.includes('administrator')).map(({ name }) => name)
    : [caller.user].filter((name) => users.has(name));
  for (const name of makers) {
    if (permissions.get(name, vhost) !== undefined) continue;
    permissions.set(name, vhost, { configure: '.*', write: '.*', read: '.*' });
  }
}

/** Virtual hosts. */
export const vhostRoutes: readonly Route[] = [
  list('/api/vhosts', 'management', 'The virtual hosts that the user may open', vhostTable,
    ({ broker, caller, vhosts }) => (caller.isMonitor ? broker.vhosts.values() : vhosts)),
  single('/api/vhosts/:vhost', 'administrator', 'One virtual host', vhostTable, existing),
  change('PUT', '/api/vhosts/:vhost', 'administrator', {
    says: 'Make a virtual host, or say something of it',
    body: v.object({
      description: v.optional(text), tags: v.optional(tags), tracing: optionalFlag,
      default_queue_type: v.nullish(text), metadata: v.optional(object),
    }),
  }, (call, { description, tags: words, default_queue_type: type, metadata, tracing }) => {
    const { broker } = call;
    const name = call.name('vhost');
    const isNew = !broker.vhosts.has(name);
    applyVhost(broker, {
      name, ...(description !== undefined && { description }), ...(words && { tags: words }),
      ...(type && { default_queue_type: type }), ...(metadata && { metadata }),
    });
    if (tracing !== undefined) broker.vhost(name).describe({ tracing });
    if (isNew) letIn(call, name);
    return put(isNew);
  }),
  act('DELETE', '/api/vhosts/:vhost', 'administrator', {
    says: 'Delete a virtual host with all that is in it',
  }, async (call) => {
    await new Promise<void>((resolve) => call.broker.removeVhost(existing(call), resolve));
    return done;
  }),
  act('POST', '/api/vhosts/:vhost/start/:node', 'administrator', {
    says: 'Start a virtual host: it runs',
  }, (call) => {
    existing(call);
    const { names, broker } = call;
    if (names['node'] !== broker.options.node) throw badNode(names['node']!);
    return done;
  }),
  list('/api/vhosts/:vhost/permissions', 'administrator', 'What users may do in it',
    permissionTable, (call) => (
      call.broker.access.permissions.list({ vhost: existing(call).name }))),
  list('/api/vhosts/:vhost/topic-permissions', 'administrator',
    'Which routing keys users may use in it', topicPermissionTable, (call) => (
      call.broker.access.permissions.listTopics({ vhost: existing(call).name }))),
  list('/api/vhosts/:vhost/connections', 'vhost-or-monitoring', 'Its connections',
    connectionTable, (call) => call.connections.filter(({ info }) => (
      info.vhost === call.vhost.name))),
  list('/api/vhosts/:vhost/channels', 'vhost-or-monitoring', 'Their channels',
    channelTable, (call) => call.channels.filter(({ vhost }) => vhost === call.vhost)),
];
