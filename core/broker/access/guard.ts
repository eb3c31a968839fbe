import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Changes, Identity } from '../../ports.ts';
import { resourceText } from '../reply-text.ts';
import type { Permission } from './permissions.ts';

/** An exchange as far as permissions look at it. */
export interface GuardedExchange {
  readonly name: string;
  readonly options: { readonly type: string };
}

/**
 * What one user may do in one virtual host: each check passes, or throws 403. What was allowed is
 * remembered until anything about users or permissions changes, so what is revoked is refused from
 * the next method on.
 */
export class Guard {
  /** Another version than before: what was allowed may not be any more. */
  readonly changes: Changes;
  readonly #identity: Identity;
  readonly #vhost: string;
  readonly #allowed = new Set<string>();
  #version = 0;

  constructor(identity: Identity, vhost: string) {
    this.#identity = identity;
    this.changes = identity.changes ?? UNCHANGED;
    this.#vhost = vhost;
  }

  /** Whether there is nothing that this user may not do. */
  get allowsAll(): boolean {
    return this.#identity.may === undefined && this.#identity.mayUseTopic === undefined;
  }

  /** Errors: 403 where the user may not do this to the queue. */
  queue(permission: Permission, name: string): void {
    this.#require(permission, 'queue', name);
  }

  /** Errors: 403 where the user may not do this to the exchange. */
  exchange(permission: Permission, name: string): void {
    this.#require(permission, 'exchange', name);
  }

  /**
   * Errors: 403 where the user may not publish with this key (write) or bind with it (read); on
   * topic exchanges alone.
   */
  topic(permission: 'write' | 'read', exchange: GuardedExchange | undefined, key: string): void {
    const { mayUseTopic } = this.#identity;
    if (exchange?.options.type !== 'topic' || mayUseTopic === undefined) return;
    const { name } = exchange;
    if (this.#identity.mayUseTopic!(permission, name, this.#vhost, key)) return;
    const topic = `topic '${key}' in ${resourceText('exchange', name, this.#vhost)}`;
    throw refused(topic, this.#identity);
  }

  /** Whether the routing keys of this exchange are looked at at all. */
  looksAtKeysOf({ name, options }: GuardedExchange): boolean {
    const { mayUseTopic, limitsTopics } = this.#identity;
    if (options.type !== 'topic' || mayUseTopic === undefined) return false;
    return limitsTopics === undefined || this.#identity.limitsTopics!(name, this.#vhost);
  }

  #require(permission: Permission, kind: 'queue' | 'exchange', name: string): void {
    const identity = this.#identity;
    if (identity.may === undefined) return;
    if (this.changes.version !== this.#version) {
      this.#version = this.changes.version;
      this.#allowed.clear();
    }
    const key = `${permission} ${kind} ${name}`;
    if (this.#allowed.has(key)) return;
    if (!identity.may(permission, kind, name, this.#vhost)) {
      const shown = kind === 'exchange' && name === '' ? 'amq.default' : name;
      throw refused(resourceText(kind, shown, this.#vhost), identity);
    }
    if (this.#allowed.size >= limits.allowedNamesMax) this.#allowed.clear();
    this.#allowed.add(key);
  }
}

const UNCHANGED: Changes = { version: 0 };

function refused(what: string, { user, whyNot }: Identity): AmqpError {
  const text = `access to ${what} refused for user '${user}'`;
  return new AmqpError('ACCESS_REFUSED', whyNot === undefined ? text : `${text}, ${whyNot}`);
}
