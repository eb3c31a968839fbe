import type { FieldTable } from '../protocol/types.ts';
import type { Exchange } from './exchange/exchange.ts';
import {
  effectiveOf, exchangeArgumentOf, explainEffective, matchPolicy, queueArgumentOf,
  type Effective, type Match, type PolicySubject, type Why,
} from './policy/effective.ts';
import type { Policies } from './policy/policies.ts';
import type { Queue } from './queue/abstract-queue.ts';
import { settingsFrom, type QueueSettings } from './queue/arguments.ts';
import type { Turn } from './turn/turn.ts';
import { work } from './turn/work.ts';

/** Which policies apply to a queue or an exchange, why none of the others does, and the outcome. */
export interface PolicyExplanation {
  readonly policy: Match;
  readonly operatorPolicy: Match;
  /** Where each value comes from that somebody set. */
  readonly why: readonly Why[];
}

/** Brings the policies of a virtual host to its queues and exchanges. */
export class AppliedPolicies {
  readonly #policies: Policies;
  readonly #operatorPolicies: Policies;
  /** The delivery limit of a quorum queue where nobody says another. */
  readonly #deliveryLimit: () => number;
  /** How often policies changed. */
  #version = 0;

  constructor(policies: Policies, operatorPolicies: Policies, deliveryLimit: () => number) {
    this.#policies = policies;
    this.#operatorPolicies = operatorPolicies;
    this.#deliveryLimit = deliveryLimit;
  }

  /** What applies to a queue or an exchange; undefined: nothing does. */
  find(subject: PolicySubject, declared: FieldTable): Effective | undefined {
    const [policies, operatorPolicies] = [this.#policies.list, this.#operatorPolicies.list];
    if (policies.length === 0 && operatorPolicies.length === 0) return undefined;
    const { policy } = matchPolicy(policies, subject);
    const operator = matchPolicy(operatorPolicies, subject).policy;
    if (policy === undefined && operator === undefined) return undefined;
    return effectiveOf(declared, policy, operator, argumentOf(subject));
  }

  /** The settings of a queue that is to be made, where policies have a say in them. */
  settingsFor(name: string, table: FieldTable, declared: QueueSettings): {
    readonly settings: QueueSettings; readonly effective: Effective | undefined;
  } {
    const { type } = declared;
    const effective = this.find({ name, type }, table);
    if (effective === undefined) return { settings: declared, effective };
    return { settings: settingsFrom(type, effective.arguments, this.#deliveryLimit()), effective };
  }

  /** Policies changed: queues and exchanges follow, many of them over turns; then `done`. */
  applyTo(
    queues: Iterable<Queue>, exchanges: Iterable<Exchange>, turn: Turn, done: () => void,
  ): void {
    const version = ++this.#version;
    const all = [...exchanges, ...queues].values();
    turn.stepwise(() => {
      const { value: next } = all.next();
      // Who changes them once more goes over all of them anew.
      if (next === undefined || version !== this.#version) return false;
      turn.spend(work.policy);
      if (next.kind === 'exchange') this.applyToExchange(next);
      else this.#applyToQueue(next);
      return true;
    }, done);
  }

  #applyToQueue(queue: Queue): void {
    if (queue.gone) return;
    const { name, settings: { type }, options: { arguments: table } } = queue;
    const effective = this.find({ name, type }, table);
    if (effective === undefined && queue.effective === undefined) return;
    const effectiveTable = effective?.arguments ?? table;
    queue.govern(settingsFrom(type, effectiveTable, this.#deliveryLimit()), effective);
  }

  applyToExchange(exchange: Exchange): void {
    const { name, options } = exchange;
    exchange.effective = name === ''
      ? undefined
      : this.find({ name, type: 'exchange' }, options.arguments);
  }

  /** Why a queue or an exchange does what it does. */
  explain(target: Queue | Exchange): PolicyExplanation {
    const { name, kind, options: { arguments: table } } = target;
    const type = kind === 'queue' ? target.settings.type : 'exchange';
    const subject = { name, type } as const;
    const policy = matchPolicy(this.#policies.list, subject);
    const operatorPolicy = matchPolicy(this.#operatorPolicies.list, subject);
    const keyOf = argumentOf(subject);
    const effective = effectiveOf(table, policy.policy, operatorPolicy.policy, keyOf);
    return { policy, operatorPolicy, why: explainEffective(table, effective, keyOf) };
  }
}

function argumentOf({ type }: PolicySubject): (key: string) => string {
  return type === 'exchange' ? exchangeArgumentOf : queueArgumentOf;
}
