import type { FieldTable } from '../protocol/types.ts';
import { VirtualHostLimits } from './access/virtual-host-limits.ts';
import type { Firehose } from './told/firehose.ts';
import { AppliedPolicies } from './applied-policies.ts';
import { PausedQueues } from './paused-queues.ts';
import { Policies } from './policy/policies.ts';
import type { Compatibility, Profile } from './definition/compatibility.ts';
import type { Queue } from './queue/abstract-queue.ts';
import { NO_METADATA, type SettingTables, type VirtualHostMetadata } from './settings.ts';

/** What somebody set for a virtual host. */
export abstract class VirtualHostSettings {
  readonly name: string;
  readonly limits: VirtualHostLimits;
  readonly policies: Policies;
  /** Policies of whoever runs the broker, which bound what other policies and arguments say. */
  readonly operatorPolicies: Policies;
  readonly appliedPolicies: AppliedPolicies;
  abstract readonly queues: ReadonlyMap<string, Queue>;
  readonly pausedQueues: PausedQueues;
  /** How it does where versions of RabbitMQ differ: by its own profile, or as its broker. */
  compatibility: Compatibility;
  /** Tells of each message while tracing is on. */
  firehose: Firehose | undefined;
  readonly #compatibilityOf: (profile: Profile | undefined) => Compatibility;
  readonly #settings: SettingTables;

  constructor(
    name: string, settings: SettingTables,
    compatibilityOf: (profile: Profile | undefined) => Compatibility,
  ) {
    this.name = name;
    this.#settings = settings;
    this.#compatibilityOf = compatibilityOf;
    this.compatibility = compatibilityOf(this.profile);
    this.limits = new VirtualHostLimits(settings.vhostLimits, name);
    this.pausedQueues = new PausedQueues(
      settings.pausedQueues, name, (queue) => this.queues.get(queue),
    );
    this.policies = new Policies(settings.policies, name, false);
    this.operatorPolicies = new Policies(settings.operatorPolicies, name, true);
    this.appliedPolicies = new AppliedPolicies(
      this.policies, this.operatorPolicies, () => this.compatibility.deliveryLimit,
    );
  }

  /** What is told of the virtual host beside its name. */
  get metadata(): VirtualHostMetadata {
    return { ...NO_METADATA, ...this.#settings.vhosts.get('', this.name) };
  }

  /** Whether it was made to last, or somebody said something of it. */
  get isDescribed(): boolean {
    return this.#settings.vhosts.get('', this.name) !== undefined;
  }

  /** Says something of the virtual host; what is absent stays as it is. */
  describe(metadata: Partial<VirtualHostMetadata>): void {
    const { vhosts } = this.#settings;
    vhosts.set('', this.name, { ...vhosts.get('', this.name), ...metadata });
    this.updateCompatibility();
  }

  /** Which RabbitMQ it does as on its own account; undefined: as its broker does. */
  get profile(): Profile | undefined {
    return this.metadata.compatibility;
  }

  /** What is said of it changed. */
  updateCompatibility(): void {
    this.compatibility = this.#compatibilityOf(this.profile);
    const { tracing } = this.metadata;
    this.firehose = tracing ? this.firehose ?? this.makeFirehose() : undefined;
  }

  protected abstract makeFirehose(): Firehose;

  /** It is gone, and what was set for it. */
  forgetSettings(): void {
    this.#settings.vhosts.delete('', this.name);
    this.limits.clearAll();
    this.policies.clear();
    this.operatorPolicies.clear();
  }

  /**
   * The arguments of a queue, with the default type of the virtual host where it is declared with
   * none and can be of that type: other types than classic are for queues that last.
   */
  protected typed({ queue, durable, exclusive, autoDelete, arguments: table = {} }: {
    readonly queue: string;
    readonly durable?: boolean;
    readonly exclusive?: boolean;
    readonly autoDelete?: boolean;
    readonly arguments?: FieldTable;
  }): FieldTable {
    const { defaultQueueType: type } = this.metadata;
    if (type === undefined || table['x-queue-type'] !== undefined) return table;
    const lasts = durable === true && exclusive !== true && autoDelete !== true && queue !== '';
    return lasts || type === 'classic' ? { ...table, 'x-queue-type': type } : table;
  }
}
