import type { SettingTable } from '../definition/setting-table.ts';
import type { Access } from './access.ts';
import { LOOPBACK_USER } from './login.ts';

/** A user that a start brings along. */
export interface GivenUser {
  readonly name: string;
  /** In the clear. */
  readonly password: string;
  /** Default: `administrator` alone. */
  readonly tags?: readonly string[];
}

const everything = { configure: '.*', write: '.*', read: '.*' };

/** What is noted once guest was made, so that who deletes it is rid of it. */
const NOTE = 'guest-made';

/**
 * Lets in the users that a start brings along, who are there as long as it brings them, and may do
 * everything in these virtual hosts. Where there are none, and never was any: guest, password
 * guest, who stays until deleted.
 */
export function letFirstUsersIn(
  access: Access, given: readonly GivenUser[], vhosts: Iterable<string>,
  notes: SettingTable<unknown>,
): void {
  const { users } = access;
  const names = [...vhosts];
  for (const { name, password, tags = ['administrator'] } of given) {
    users.put(name, { password, tags }, false);
    for (const vhost of names) allow(access, name, vhost, false);
  }
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
