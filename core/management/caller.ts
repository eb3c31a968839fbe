import { Guard } from '../broker/access/guard.ts';
import type { Identity } from '../ports.ts';
import { notAuthorised } from './api-error.ts';

/** Tags that let a user in at all. */
const managementTags = ['management', 'policymaker', 'monitoring', 'administrator'] as const;

/** Who asks, and what that user may see and do. */
export class Caller {
  readonly identity: Identity;
  readonly #guards = new Map<string, Guard>();

  constructor(identity: Identity) {
    this.identity = identity;
  }

  get user(): string {
    return this.identity.user;
  }

  get tags(): readonly string[] {
    return this.identity.tags;
  }

  /** Whether a tag lets the user use the API. */
  get mayManage(): boolean {
    return managementTags.some((tag) => this.#has(tag));
  }

  get isAdministrator(): boolean {
    return this.#has('administrator');
  }

  /** Sees nodes, and the connections of all. */
  get isMonitor(): boolean {
    return this.#has('monitoring') || this.isAdministrator;
  }

  /** Sets policies and parameters. */
  get isPolicymaker(): boolean {
    return this.#has('policymaker') || this.isAdministrator;
  }

  /** Whether what is in a virtual host is shown to this user. */
  sees(vhost: string): boolean {
    return this.isAdministrator || this.identity.mayOpen(vhost);
  }

  /** What the user may do by AMQP in a virtual host. Errors: 401 where it may not be opened. */
  guard(vhost: string): Guard {
    if (!this.identity.mayOpen(vhost)) throw notAuthorised();
    let guard = this.#guards.get(vhost);
    if (guard === undefined) this.#guards.set(vhost, (guard = new Guard(this.identity, vhost)));
    return guard;
  }

  #has(tag: string): boolean {
    return this.tags.includes(tag);
  }
}

/** In process nobody asks in the name of a user: whoever has the broker may do everything. */
export const inProcess = new Caller({ user: '', tags: ['administrator'], mayOpen: () => true });
