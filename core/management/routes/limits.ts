import * as v from 'valibot';
import { SettingError } from '../../broker/definition/setting-error.ts';
import { done } from '../answer.ts';
import { badRequest, notFound, objectNotFound } from '../api-error.ts';
import { anything } from '../body.ts';
import type { Call } from '../call.ts';
import { userLimitsTable, vhostLimitsTable, type ShownLimits } from '../objects/setting-tables.ts';
import { act, change, list, type Route } from '../route.ts';
import { validationFailed } from '../terms.ts';
import { userOf } from './users.ts';

const valueBody = v.object({ value: v.nonOptional(anything) });

function limitsOf({ name, limits }: Call['vhost']): readonly ShownLimits[] {
  return Object.keys(limits.all).length === 0 ? [] : [{ of: name, value: limits.all }];
}

function userLimitsOf({ name, limits }: ReturnType<typeof userOf>): readonly ShownLimits[] {
  return Object.keys(limits).length === 0 ? [] : [{ of: name, value: limits }];
}

/** A virtual host of which an administrator changes a limit. */
function changed({ broker, names }: Call, missing: () => Error) {
  const vhost = broker.vhosts.get(names['vhost']!);
  if (vhost === undefined) throw missing();
  return vhost;
}

/** Limits of virtual hosts and users. */
export const limitRoutes: readonly Route[] = [
  list('/api/vhost-limits', 'management', 'Limits that virtual hosts have', vhostLimitsTable,
    ({ broker, caller, vhosts }) => (
      [...caller.isMonitor ? broker.vhosts.values() : vhosts].flatMap(limitsOf))),
  list('/api/vhost-limits/:vhost', 'vhost-or-monitoring', 'Limits of one virtual host',
    vhostLimitsTable, (call) => limitsOf(call.vhost)),
  change('PUT', '/api/vhost-limits/:vhost/:name', 'administrator', {
    says: 'Set max-connections or max-queues of a virtual host', body: valueBody,
  }, (call, { value }) => {
    const { limits } = changed(call, () => notFound('vhost_not_found'));
    try {
      limits.set(call.name('name'), value);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      throw badRequest(validationFailed(error.message, false));
    }
    return done;
  }),
  act('DELETE', '/api/vhost-limits/:vhost/:name', 'administrator', {
    says: 'Take a limit from a virtual host',
  }, (call) => {
    changed(call, objectNotFound).limits.clear(call.name('name'));
    return done;
  }),
  list('/api/user-limits', 'management', 'Limits that users have', userLimitsTable,
    ({ broker }) => broker.access.users.list.flatMap(userLimitsOf)),
  list('/api/user-limits/:user', 'management', 'Limits of one user', userLimitsTable,
    (call) => userLimitsOf(userOf(call))),
  change('PUT', '/api/user-limits/:user/:name', 'administrator', {
    says: 'Set max-connections or max-channels of a user', body: valueBody,
  }, (call, { value }) => {
    const { users } = call.broker.access;
    const user = call.name('user');
    if (!users.has(user)) throw badRequest(['no_such_user', user]);
    users.setLimit(user, call.name('name'), value);
    return done;
  }),
  act('DELETE', '/api/user-limits/:user/:name', 'administrator', {
    says: 'Take a limit from a user',
  }, (call) => {
    call.broker.access.users.clearLimit(userOf(call).name, call.name('name'));
    return done;
  }),
];
