import type { PermissionPatterns, TopicPatterns } from './access/permissions.ts';
import type { Limits } from './access/resource-limits.ts';
import type { KeptUser } from './access/users.ts';
import type { VirtualHostLimit } from './access/virtual-host-limits.ts';
import {
  SettingTable, type SettingHooks, type SettingKeeper, type SettingKind,
} from './definition/setting-table.ts';
import type { QueueType } from './definition/argument-checks.ts';
import type { Profile } from './definition/compatibility.ts';
import type { KeptPolicy } from './policy/policies.ts';

/** What is said of a virtual host beside its name. */
export interface VirtualHostMetadata {
  readonly description: string;
  readonly tags: readonly string[];
  /** The type of queues that are declared without one; undefined: classic. */
  readonly defaultQueueType: QueueType | undefined;
  /** Which RabbitMQ it does as; undefined: as its broker. */
  readonly compatibility: Profile | undefined;
  /** Whether its firehose is on. */
  readonly tracing: boolean;
}

export const NO_METADATA: VirtualHostMetadata = {
  description: '', tags: [], defaultQueueType: undefined, compatibility: undefined, tracing: false,
};

/** All that is set at run time and kept over a restart, one table a kind. */
export class SettingTables {
  readonly users: SettingTable<KeptUser>;
  /** By virtual host and user. */
  readonly permissions: SettingTable<PermissionPatterns>;
  readonly topics: SettingTable<TopicPatterns>;
  readonly vhosts: SettingTable<Partial<VirtualHostMetadata>>;
  readonly policies: SettingTable<KeptPolicy>;
  readonly operatorPolicies: SettingTable<KeptPolicy>;
  readonly vhostLimits: SettingTable<Limits<VirtualHostLimit>>;
  readonly parameters: SettingTable<unknown>;
  readonly globals: SettingTable<unknown>;
  /** Queues that are paused. */
  readonly pausedQueues: SettingTable<true>;
  /** What the broker keeps in mind of itself. */
  readonly notes: SettingTable<unknown>;
  /** Who is to look at changes. */
  readonly hooks: SettingHooks = { changing: () => undefined };
  readonly #byKind = new Map<string, SettingTable<unknown>>();

  constructor(keeper: SettingKeeper | undefined) {
    const table = <T>(kind: SettingKind): SettingTable<T> => {
      const made = new SettingTable<T>(kind, keeper, this.hooks);
      this.#byKind.set(kind, made as SettingTable<unknown>);
      return made;
    };
    this.users = table('user');
    this.permissions = table('permission');
    this.topics = table('topic-permission');
    this.vhosts = table('vhost');
    this.policies = table('policy');
    this.operatorPolicies = table('operator-policy');
    this.vhostLimits = table('vhost-limits');
    this.parameters = table('parameter');
    this.globals = table('global-parameter');
    this.pausedQueues = table('paused-queue');
    this.notes = table('note');
  }

  /** Takes back what a journal kept; `value` undefined: it was removed. */
  restore(kind: string, vhost: string, name: string, value: unknown): void {
    this.#byKind.get(kind)?.restore(vhost, name, value);
  }
}
