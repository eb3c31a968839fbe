import type { Identity, Random } from '../../ports.ts';
import type { SettingTable } from '../definition/setting-table.ts';
import {
  Permissions, type Known, type Permission, type PermissionPatterns, type TopicPatterns,
} from './permissions.ts';
import { NamePatterns } from './name-patterns.ts';
import { Users, type KeptUser } from './users.ts';

/** The settings that say who may do what. */
export interface AccessTables {
  readonly users: SettingTable<KeptUser>;
  readonly permissions: SettingTable<PermissionPatterns>;
  readonly topics: SettingTable<TopicPatterns>;
}

/** Users of a broker and what they may do, changed at run time. What changes holds at once. */
export class Access {
  readonly users: Users;
  readonly permissions: Permissions;
  /** Its version rises with each change: what was allowed before has to be asked for again. */
  readonly changes = { version: 0 };
  readonly #patterns = new NamePatterns();

  constructor(tables: AccessTables, known: Pick<Known, 'hasVhost'>, random: Random) {
    this.users = new Users(tables.users, random);
    this.permissions = new Permissions(tables.permissions, tables.topics, {
      hasVhost: (name) => known.hasVhost(name),
      hasUser: (name) => this.users.has(name),
    });
    for (const table of Object.values(tables) as SettingTable<unknown>[]) {
      table.onChange = () => {
        this.changes.version++;
        this.#patterns.clear();
      };
    }
  }

  /** What this user may do, now and whenever it is asked; undefined: there is no such user. */
  identityOf(name: string): Identity | undefined {
    const user = this.users.get(name);
    if (user === undefined) return undefined;
    const { permissions, changes } = this;
    return {
      user: name,
      tags: user.tags,
      mayOpen: (vhost) => permissions.get(name, vhost) !== undefined,
      may: (permission, _kind, resource, vhost) => this.may(name, vhost, permission, resource),
      mayUseTopic: (permission, exchange, vhost, routingKey) => (
        this.mayUseTopic(name, vhost, permission, exchange, routingKey)),
      limitsTopics: (exchange, vhost) => permissions.getTopic(name, vhost, exchange) !== undefined,
      changes,
    };
  }

  /** Whether a user may do this to the queue or exchange of this name; '': the default exchange. */
  may(user: string, vhost: string, permission: Permission, name: string): boolean {
    const patterns = this.permissions.get(user, vhost);
    if (patterns === undefined) return false;
    return this.#patterns.match(patterns[permission], name === '' ? 'amq.default' : name);
  }

  /**
   * Whether a user may publish with this routing key to a topic exchange (write), or bind with it
   * (read). Where nothing is said of this exchange, every key is allowed.
   */
  mayUseTopic(
    user: string, vhost: string, permission: 'write' | 'read', exchange: string, routingKey: string,
  ): boolean {
    const topic = this.permissions.getTopic(user, vhost, exchange);
    if (topic === undefined) return true;
    const pattern = topic[permission]
      .replaceAll('{vhost}', () => vhost).replaceAll('{username}', () => user);
    return this.#patterns.match(pattern, routingKey);
  }
}
