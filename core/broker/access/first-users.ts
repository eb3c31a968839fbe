import type { SettingTable } from '../definition/setting-table.ts';
import type { Access } from './access.ts';
import { LOOPBACK_USER } from './login.ts';
import type { UserChange } from './users.ts';

/** A user that a start brings along. */
export interface GivenUser extends Omit<UserChange, 'limits'> {
  readonly name: string;
  /** Default: those that there are, or `administrator` alone. */
  readonly tags?: readonly string[];
}

const everything = { configure: '.*', write: '.*', read: '.*' };

/** What is noted once guest was made, so that who deletes it is rid of it. */
const NOTE = 'guest-made';

/**
 * Lets in users that a start brings along, who are there as long as it brings them. They may do
 * everything in these virtual hosts, as far as nothing else was set.
 */
export function letIn(
  access: Access, given: readonly GivenUser[], vhosts: readonly string[],
): void {
  const { users } = access;
  for (const { name, ...change } of given) {
    const tags = users.get(name)?.tags ?? ['administrator'];
    users.put(name, { tags, ...change }, false);
    for (const vhost of vhosts) allow(access, name, vhost, false);
  }
}

/** Makes guest, password guest, where there never was any user. */
export function makeGuest(
  access: Access, names: readonly string[], notes: SettingTable<unknown>,
): void {
  const { users } = access;
  if (users.count > 0 || notes.get('', NOTE) !== undefined) return;
  users.put(LOOPBACK_USER, { password: LOOPBACK_USER, tags: ['administrator'] });
  for (const vhost of names) allow(access, LOOPBACK_USER, vhost, true);
  notes.set('', NOTE, true);
}

/** What was set at run time counts more than what everybody is given at a start. */
function allow(access: Access, user: string, vhost: string, lasts: boolean): void {
  if (access.permissions.get(user, vhost) !== undefined) return;
  access.permissions.set(user, vhost, everything, lasts);
}
