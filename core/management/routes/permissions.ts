import * as v from 'valibot';
import { SettingError } from '../../broker/definition/setting-error.ts';
import { done, put } from '../answer.ts';
import { badRequest, objectNotFound } from '../api-error.ts';
import { text } from '../body.ts';
import type { Call } from '../call.ts';
import { permissionTable, topicPermissionTable } from '../objects/access-tables.ts';
import { act, change, list, single, type Route } from '../route.ts';

const PATH = '/api/permissions/:vhost/:user';
const TOPIC_PATH = '/api/topic-permissions/:vhost/:user';

/** RabbitMQ does not say which of the two is missing. */
function set(apply: () => boolean): unknown {
  try {
    return put(apply());
  } catch (error) {
    const isMissing = error instanceof SettingError && error.fault.startsWith('no-such-');
    throw isMissing ? badRequest('vhost_or_user_not_found') : error;
  }
}

function requireBoth({ broker, names }: Call): void {
  const { vhosts, access: { users } } = broker;
  if (!vhosts.has(names['vhost']!) || !users.has(names['user']!)) throw objectNotFound();
}

function permissionOf(call: Call) {
  requireBoth(call);
  const { broker: { access: { permissions } }, names } = call;
  const [user, vhost] = [names['user']!, names['vhost']!];
  const patterns = call.found(permissions.get(user, vhost));
  return { user, vhost, ...patterns };
}

function topicPermissionsOf(call: Call) {
  requireBoth(call);
  const { broker: { access: { permissions } }, names } = call;
  const found = permissions.listTopics({ user: names['user']!, vhost: names['vhost']! })
    .filter(({ user }) => user === names['user']);
  if (found.length === 0) throw objectNotFound();
  return found;
}

function deleteTopics(call: Call): unknown {
  const { broker: { access: { permissions } }, names } = call;
  topicPermissionsOf(call);
  const exchange = names['exchange'];
  if (!permissions.deleteTopic(names['user']!, names['vhost']!, exchange)) throw objectNotFound();
  return done;
}

/** What users may do. */
export const permissionRoutes: readonly Route[] = [
  list('/api/permissions', 'administrator', 'What users may do', permissionTable,
    ({ broker }) => broker.access.permissions.list()),
  single(PATH, 'administrator', 'What a user may do in a virtual host', permissionTable,
    permissionOf),
  change('PUT', PATH, 'administrator', {
    says: 'Set what a user may do: patterns of names, which are not anchored',
    body: v.object({ configure: text, write: text, read: text }),
  }, ({ broker, names }, patterns) => set(() => (
    broker.access.permissions.set(names['user']!, names['vhost']!, patterns)))),
  act('DELETE', PATH, 'administrator', {
    says: 'Have a user do nothing there any more',
  }, (call) => {
    const { user, vhost } = permissionOf(call);
    call.broker.access.permissions.delete(user, vhost);
    return done;
  }),
  list('/api/topic-permissions', 'administrator', 'Which routing keys users may use',
    topicPermissionTable, ({ broker }) => broker.access.permissions.listTopics()),
  list(TOPIC_PATH, 'administrator', 'Which routing keys a user may use in a virtual host',
    topicPermissionTable, topicPermissionsOf),
  change('PUT', TOPIC_PATH, 'administrator', {
    says: 'Set which routing keys a user may use with a topic exchange',
    body: v.object({ exchange: text, write: text, read: text }),
  }, ({ broker, names }, { exchange, ...patterns }) => set(() => (
    broker.access.permissions.setTopic(names['user']!, names['vhost']!, exchange, patterns)))),
  act('DELETE', TOPIC_PATH, 'administrator', {
    says: 'Let a user use all routing keys again',
  }, deleteTopics),
  act('DELETE', `${TOPIC_PATH}/:exchange`, 'administrator', {
    says: 'The same of one exchange',
  }, deleteTopics),
];
