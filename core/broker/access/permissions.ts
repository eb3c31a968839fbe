import { compilePattern } from '../definition/pattern.ts';
import { SettingError } from '../definition/setting-error.ts';
import type { SettingTable } from '../definition/setting-table.ts';

/** What a user may do to a queue or an exchange. */
export type Permission = 'configure' | 'write' | 'read';

/** Patterns that the names of what a user may use have to match; '' matches no name at all. */
export interface PermissionPatterns {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Permissions of one user in one virtual host. */
export interface UserPermissions extends PermissionPatterns {
  readonly user: string;
  readonly vhost: string;
}

/** Patterns that routing keys have to match, in a topic exchange: of publishes, and of bindings. */
export interface TopicPatterns {
  readonly write: string;
  readonly read: string;
}

export interface TopicPermissions extends TopicPatterns {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
}

/** What permissions have to know of users and virtual hosts. */
export interface Known {
  hasUser(name: string): boolean;
  hasVhost(name: string): boolean;
}

/**
 * Who may do what, by user and virtual host. Patterns are regular expressions, not anchored. Any
 * entry, even one of three empty patterns, lets its user open the virtual host.
 */
export class Permissions {
  readonly #table: SettingTable<PermissionPatterns>;
  readonly #topics: SettingTable<TopicPatterns>;
  readonly #known: Known;

  constructor(
    table: SettingTable<PermissionPatterns>, topics: SettingTable<TopicPatterns>, known: Known,
  ) {
    this.#table = table;
    this.#topics = topics;
    this.#known = known;
  }

  /** All of them, or those of one user or one virtual host. */
  list({ user, vhost }: { user?: string; vhost?: string } = {}): readonly UserPermissions[] {
    const found = vhost === undefined ? this.#table.all : this.#table.of(vhost);
    return found
      .filter(({ name }) => user === undefined || name === user)
      .map(({ vhost, name, value }) => ({ user: name, vhost, ...value }));
  }

  get(user: string, vhost: string): PermissionPatterns | undefined {
    return this.#table.get(vhost, user);
  }

  /**
   * Sets what a user may do in a virtual host; whether there was nothing before. Errors:
   * SettingError `no-such-user`, `no-such-vhost`, or `invalid` for what is no pattern.
   */
  set(user: string, vhost: string, patterns: PermissionPatterns, lasts = true): boolean {
    this.#check(user, vhost);
    const { configure, write, read } = patterns;
    for (const pattern of [configure, write, read]) compilePattern(pattern);
    return this.#table.set(vhost, user, { configure, write, read }, lasts);
  }

  /** Whether there was any. Connections that are open stay so, and may do nothing any more. */
  delete(user: string, vhost: string): boolean {
    return this.#table.delete(vhost, user);
  }

  /** All permissions for topics, or those of one user or one virtual host. */
  listTopics({ user, vhost }: { user?: string; vhost?: string } = {}): readonly TopicPermissions[] {
    const found = vhost === undefined ? this.#topics.all : this.#topics.of(vhost);
    return found
      .map(({ vhost, name, value }) => {
        const [user, exchange] = JSON.parse(name) as [string, string];
        return { user, vhost, exchange, ...value };
      })
      .filter((each) => user === undefined || each.user === user);
  }

  getTopic(user: string, vhost: string, exchange: string): TopicPatterns | undefined {
    return this.#topics.get(vhost, topicName(user, exchange));
  }

  /** As `set`, for the routing keys of one exchange, which need not exist. */
  setTopic(
    user: string, vhost: string, exchange: string, patterns: TopicPatterns, lasts = true,
  ): boolean {
    this.#check(user, vhost);
    const { write, read } = patterns;
    for (const pattern of [write, read]) compilePattern(pattern);
    return this.#topics.set(vhost, topicName(user, exchange), { write, read }, lasts);
  }

  /** Removes those for one exchange, or for all of them; whether there was any. */
  deleteTopic(user: string, vhost: string, exchange?: string): boolean {
    const found = this.listTopics({ user, vhost })
      .filter((each) => exchange === undefined || each.exchange === exchange);
    for (const each of found) this.#topics.delete(vhost, topicName(user, each.exchange));
    return found.length > 0;
  }

  /** A user is gone. */
  forgetUser(user: string): void {
    for (const { vhost } of this.list({ user })) this.delete(user, vhost);
    for (const { vhost } of this.listTopics({ user })) this.deleteTopic(user, vhost);
  }

  /** A virtual host is gone. */
  forgetVhost(vhost: string): void {
    for (const { user } of this.list({ vhost })) this.delete(user, vhost);
    for (const { user } of this.listTopics({ vhost })) this.deleteTopic(user, vhost);
  }

  #check(user: string, vhost: string): void {
    if (!this.#known.hasUser(user)) throw new SettingError('no-such-user', `no user '${user}'`);
    if (this.#known.hasVhost(vhost)) return;
    throw new SettingError('no-such-vhost', `no virtual host '${vhost}'`);
  }
}

function topicName(user: string, exchange: string): string {
  return JSON.stringify([user, exchange]);
}
