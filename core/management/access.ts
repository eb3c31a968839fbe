import { notAuthorised } from './api-error.ts';
import type { Caller } from './caller.ts';

/** Who may ask for a route; the name says what of the user is looked at. */
export type Access = keyof typeof rules;

const NO_VHOST = 'User not authorised to access virtual host';
const NO_OBJECT = 'User not authorised to access object';

/** Each rule beyond the tag that lets a user in: why the caller may not, or undefined. */
const rules = {
  /** Everybody, without a login. */
  open: () => undefined,
  management: () => undefined,
  policymaker: ({ isPolicymaker }) => (isPolicymaker ? undefined : NO_OBJECT),
  monitoring: ({ isMonitor }) => (isMonitor ? undefined : 'Not monitor user'),
  administrator: ({ isAdministrator }) => (isAdministrator ? undefined : 'Not administrator user'),
  /** Whoever has a permission in the virtual host of the path. */
  vhost: (caller, vhost) => (caller.sees(vhost) ? undefined : NO_VHOST),
  /** The same, or whoever watches all. */
  'vhost-or-monitoring': (caller, vhost) => (
    caller.sees(vhost) || caller.isMonitor ? undefined : NO_VHOST),
  /** Whoever makes policies in the virtual host of the path. */
  'vhost-policymaker': (caller, vhost) => (
    caller.isPolicymaker && caller.sees(vhost) ? undefined : NO_OBJECT),
} satisfies Record<string, (caller: Caller, vhost: string) => string | undefined>;

/** Refuses a caller that may not use a route. `vhost`: that of the path, where it exists. */
export function requireAccess(access: Access, caller: Caller, vhost: string | undefined): void {
  if (access === 'open') return;
  if (!caller.mayManage) throw notAuthorised('Not management user');
  const rule: (caller: Caller, vhost: string) => string | undefined = rules[access];
  // What is not there hides nothing: the route says that it is not.
  if (access.startsWith('vhost') && vhost === undefined) return;
  const reason = rule(caller, vhost ?? '');
  if (reason !== undefined) throw notAuthorised(reason);
}
