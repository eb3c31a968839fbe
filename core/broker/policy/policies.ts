import { excessOf } from '../../protocol/short-string.ts';
import { compilePattern } from '../definition/pattern.ts';
import { SettingError } from '../definition/setting-error.ts';
import type { SettingTable } from '../definition/setting-table.ts';
import { jsonTerm } from '../reply-text.ts';
import { definitionComplaint } from './policy-keys.ts';

/** What a policy is for; the last three are kinds of queues. */
export const policyTargets = [
  'all', 'queues', 'exchanges', 'classic_queues', 'quorum_queues', 'streams',
] as const;
/** What a policy applies to. */
export type PolicyTarget = (typeof policyTargets)[number];

/** Values by the name of the key, as JSON has them: `{ 'max-length': 10 }`. */
export type PolicyDefinition = Readonly<Record<string, unknown>>;

/** What is kept of a policy under its name. */
export interface KeptPolicy {
  /** A regular expression, not anchored, for names of queues and exchanges. */
  readonly pattern: string;
  readonly applyTo: PolicyTarget;
  /** Of all that fit, the one with the highest priority applies, alone. */
  readonly priority: number;
  readonly definition: PolicyDefinition;
}

/** What is to hold for queues and exchanges whose names match a pattern. */
export interface Policy extends KeptPolicy {
  readonly name: string;
  readonly vhost: string;
}

/** What a policy is set to. */
export interface PolicyChange {
  readonly pattern: string;
  readonly definition: PolicyDefinition;
  /** Default: 0. */
  readonly priority?: number;
  /** Default: `all`; for operator policies `queues`. */
  readonly applyTo?: string;
}

/** Policies of one virtual host, or its operator policies. What is changed applies at once. */
export class Policies {
  readonly #table: SettingTable<KeptPolicy>;
  readonly #vhost: string;
  readonly #isOperator: boolean;

  constructor(table: SettingTable<KeptPolicy>, vhost: string, isOperator: boolean) {
    this.#table = table;
    this.#vhost = vhost;
    this.#isOperator = isOperator;
  }

  /** In the order in which they were made. */
  get list(): readonly Policy[] {
    return this.#table.of(this.#vhost).map(({ vhost, name, value }) => ({ name, vhost, ...value }));
  }

  /** The policy of this name in a virtual host, if there is one. */
  get(name: string): Policy | undefined {
    const kept = this.#table.get(this.#vhost, name);
    return kept && { name, vhost: this.#vhost, ...kept };
  }

  /**
   * Makes a policy or changes it; whether it was made. Errors: SettingError `invalid`, whose
   * message is RabbitMQ's after `Validation failed`; 541 where the disk failed.
   */
  set(name: string, change: PolicyChange): boolean {
    const policy = this.check(name, change);
    return this.#table.set(this.#vhost, name, policy);
  }

  /** What `set` would keep, without doing it. Errors: as `set`. */
  check(name: string, change: PolicyChange): KeptPolicy {
    const { pattern, definition, priority = 0 } = change;
    const applyTo = change.applyTo ?? (this.#isOperator ? 'queues' : 'all');
    const complaint = excessOf('the name of the policy', name) ??
      formComplaint(pattern, priority, applyTo) ??
      definitionComplaint(definition, this.#isOperator);
    if (complaint !== undefined) throw new SettingError('invalid', complaint);
    return { pattern, definition: { ...definition }, priority, applyTo: applyTo as PolicyTarget };
  }

  /** Whether there was one of this name. */
  delete(name: string): boolean {
    return this.#table.delete(this.#vhost, name);
  }

  /** The virtual host is gone. */
  clear(): void {
    for (const { name } of this.list) this.delete(name);
  }
}

function formComplaint(pattern: unknown, priority: unknown, applyTo: unknown): string | undefined {
  if (typeof pattern !== 'string') return `pattern should be a binary but was ${jsonTerm(pattern)}`;
  try {
    compilePattern(pattern);
  } catch (error) {
    const { message } = error as Error;
    return `pattern should be regular expression but is invalid: ${message}`;
  }
  if (typeof priority !== 'number' || !Number.isFinite(priority)) {
    return `priority should be a number, actually was ${jsonTerm(priority)}`;
  }
  if ((policyTargets as readonly unknown[]).includes(applyTo)) return undefined;
  return `apply-to '${String(applyTo)}' unrecognised; should be 'queues', 'exchanges' or 'all'`;
}
