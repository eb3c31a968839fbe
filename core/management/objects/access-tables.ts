import * as v from 'valibot';
import type { TopicPermissions, UserPermissions } from '../../broker/access/permissions.ts';
import type { User } from '../../broker/access/users.ts';
import { arrays, column, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';

/** A user; the password is told as the hash that is kept of it. */
export const userTable = new Table<User>('user', {
  name: texts(({ name }) => name),
  password_hash: texts(({ passwordHash }) => passwordHash),
  hashing_algorithm: texts(({ hashingAlgorithm }) => hashingAlgorithm),
  tags: arrays(({ tags }) => tags),
  limits: column(v.record(v.string(), v.number()), ({ limits }) => limits),
});

/** What a user may do in a virtual host. */
export const permissionTable = new Table<UserPermissions>('permission', {
  user: texts(({ user }) => user),
  vhost: texts(({ vhost }) => vhost),
  configure: texts(({ configure }) => configure),
  write: texts(({ write }) => write),
  read: texts(({ read }) => read),
}, { nameOf: ({ user, vhost }) => `${user} ${vhost}` });

/** Which routing keys a user may use with a topic exchange. */
export const topicPermissionTable = new Table<TopicPermissions>('topic permission', {
  user: texts(({ user }) => user),
  vhost: texts(({ vhost }) => vhost),
  exchange: texts(({ exchange }) => exchange),
  write: texts(({ write }) => write),
  read: texts(({ read }) => read),
}, { nameOf: ({ user, vhost, exchange }) => `${user} ${vhost} ${exchange}` });
