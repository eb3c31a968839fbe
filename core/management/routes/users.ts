import * as v from 'valibot';
import { hashingAlgorithms } from '../../broker/access/password.ts';
import { decodeBase64 } from '../../protocol/base64.ts';
import { done, put } from '../answer.ts';
import { badRequest, objectNotFound } from '../api-error.ts';
import { tags, text } from '../body.ts';
import type { Call } from '../call.ts';
import { permissionTable, topicPermissionTable, userTable } from '../objects/access-tables.ts';
import { act, change, list, single, type Route } from '../route.ts';

/** The user of the path. Errors: 404. */
export function userOf(call: Call) {
  const user = call.broker.access.users.get(call.names['user']!);
  if (user === undefined) throw objectNotFound();
  return user;
}

/** What a user is made or changed to. */
const userBody = v.object({
  tags: v.optional(tags), password: v.optional(text), password_hash: v.optional(text),
  hashing_algorithm: v.optional(text), limits: v.optional(v.record(v.string(), v.number())),
});

function putUser(call: Call, body: v.InferOutput<typeof userBody>): unknown {
  const { tags: words, password, password_hash: passwordHash, hashing_algorithm: algorithm } = body;
  if (words === undefined) throw badRequest('tags_not_present');
  if (passwordHash !== undefined && decodeBase64(passwordHash) === undefined) {
    throw badRequest(['not_base64', passwordHash]);
  }
  if (algorithm !== undefined && !hashingAlgorithms.includes(algorithm)) {
    throw badRequest(`hashing_algorithm must be one of ${hashingAlgorithms.join(', ')}`);
  }
  const isNew = call.broker.access.users.put(call.name('user'), {
    tags: words,
    ...(password !== undefined && { password }),
    ...(passwordHash !== undefined && { passwordHash }),
    ...(algorithm !== undefined && { hashingAlgorithm: algorithm }),
    ...(body.limits !== undefined && { limits: body.limits }),
  });
  return put(isNew);
}

/** Users. */
export const userRoutes: readonly Route[] = [
  list('/api/users', 'administrator', 'All users', userTable,
    ({ broker }) => broker.access.users.list),
  list('/api/users/without-permissions', 'administrator', 'Users that may open nothing', userTable,
    ({ broker: { access: { users, permissions } } }) => {
      const withSome = new Set(permissions.list().map(({ user }) => user));
      return users.list.filter(({ name }) => !withSome.has(name));
    }),
  change('POST', '/api/users/bulk-delete', 'administrator', {
    says: 'Delete users: all of them or, where one is not there, none',
    body: v.object({ users: v.array(v.string()) }),
  }, ({ broker: { access } }, { users: names }) => {
    const missing = names.find((name) => !access.users.has(name));
    if (missing !== undefined) throw badRequest(['no_such_user', missing]);
    for (const name of new Set(names)) access.users.delete(name);
    return done;
  }),
  single('/api/users/:user', 'administrator', 'One user', userTable, userOf),
  change('PUT', '/api/users/:user', 'administrator', {
    says: 'Make or change a user; without a password the one that is there stays',
    body: userBody,
  }, putUser),
  act('DELETE', '/api/users/:user', 'administrator', {
    says: 'Delete a user, and close the connections of it',
  }, (call) => {
    call.broker.access.users.delete(userOf(call).name);
    return done;
  }),
  list('/api/users/:user/permissions', 'administrator', 'What the user may do', permissionTable,
    (call) => call.broker.access.permissions.list({ user: userOf(call).name })),
  list('/api/users/:user/topic-permissions', 'administrator',
    'Which routing keys the user may use', topicPermissionTable,
    (call) => call.broker.access.permissions.listTopics({ user: userOf(call).name })),
];
