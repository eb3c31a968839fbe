import type { FieldTable, FieldValue } from '../../protocol/types.ts';
import type { QueueType } from '../definition/argument-checks.ts';
import { compilePattern } from '../definition/pattern.ts';
import type { Policy, PolicyDefinition } from './policies.ts';
import { policyKeys } from './policy-keys.ts';

/** What a policy may be for: an exchange, or a queue of some type. */
export interface PolicySubject {
  readonly name: string;
  readonly type: QueueType | 'exchange';
}

/** Why a policy does not apply to a queue or an exchange. */
export interface Unmatched {
  readonly policy: string;
  readonly reason: string;
}

/** The policy that applies, and why none of the others does. */
export interface Match {
  readonly policy: Policy | undefined;
  readonly unmatched: readonly Unmatched[];
}

/** Of the policies that fit, the one with the highest priority; of equal ones, the older one. */
export function matchPolicy(policies: readonly Policy[], subject: PolicySubject): Match {
  const unmatched: Unmatched[] = [];
  let best: Policy | undefined;
  for (const policy of policies) {
    const reason = misfit(policy, subject);
    if (reason !== undefined) unmatched.push({ policy: policy.name, reason });
    else if (best === undefined || policy.priority > best.priority) best = policy;
  }
  for (const policy of policies) {
    if (policy === best || unmatched.some((each) => each.policy === policy.name)) continue;
    const than = policy.priority === best!.priority ? 'was made earlier' : 'has a higher priority';
    unmatched.push({
      policy: policy.name, reason: `policy '${best!.name}' ${than}, and one policy applies alone`,
    });
  }
  return { policy: best, unmatched };
}

/** Why a policy is not for a queue or an exchange; undefined: it is. */
function misfit(policy: Policy, { name, type }: PolicySubject): string | undefined {
  const { applyTo, pattern, definition } = policy;
  if (!targets[applyTo].includes(type)) {
    return `it applies to ${applyTo}, and this is ${type === 'exchange' ? 'an exchange' : type}`;
  }
  if (!patternOf(policy).test(name)) return `its pattern '${pattern}' does not match the name`;
  if (type === 'exchange') return undefined;
  const unusable = Object.keys(definition)
    .filter((key) => policyKeys[key]?.unusableFor.includes(type) ?? true);
  if (unusable.length === 0) return undefined;
  return `its keys ${unusable.join(', ')} are not for queues of type ${type}`;
}

const targets: Readonly<Record<Policy['applyTo'], readonly PolicySubject['type'][]>> = {
  all: ['classic', 'quorum', 'stream', 'exchange'],
  queues: ['classic', 'quorum', 'stream'],
  exchanges: ['exchange'],
  classic_queues: ['classic'],
  quorum_queues: ['quorum'],
  streams: ['stream'],
};

/** Compiled once for each definition: policies are plain data that is never changed in place. */
const compiled = new WeakMap<PolicyDefinition, RegExp>();

function patternOf({ pattern, definition }: Policy): RegExp {
  let found = compiled.get(definition);
  if (found === undefined) compiled.set(definition, (found = compilePattern(pattern)));
  return found;
}

/** Where an effective value comes from, and what it stands in the place of. */
export interface Why {
  /** The key of a policy: `max-length`. */
  readonly key: string;
  readonly value: FieldValue;
  readonly source: 'argument' | 'policy' | 'operator policy';
  /** The name of the policy; absent for an argument. */
  readonly policy?: string;
  /** What was said of the same elsewhere and does not hold. */
  readonly overruled: readonly Omit<Why, 'overruled' | 'key'>[];
}

/** What policies and arguments make of a queue or an exchange together. */
export interface Effective {
  readonly policy: Policy | undefined;
  readonly operatorPolicy: Policy | undefined;
  /** Both policies in one: what RabbitMQ calls `effective_policy_definition`. */
  readonly definition: PolicyDefinition;
  /** The arguments, with what policies change in them or add. */
  readonly arguments: FieldTable;
}

/** Joins the two policies that apply with the arguments of a declaration. */
export function effectiveOf(
  declared: FieldTable, policy: Policy | undefined, operatorPolicy: Policy | undefined,
  argumentOf: (key: string) => string,
): Effective {
  const definition = joined(policy?.definition, operatorPolicy?.definition);
  const table: Record<string, FieldValue> = { ...declared };
  for (const [key, value] of Object.entries(definition)) {
    const argument = argumentOf(key);
    table[argument] = resolve(key, table[argument], value as FieldValue);
  }
  return { policy, operatorPolicy, definition, arguments: table };
}

/** The argument that says the same as a key of a policy does. */
export const queueArgumentOf = (key: string): string => `x-${key}`;
export const exchangeArgumentOf = (key: string): string => key;

/** Union of both; of what both have, the lower number, and else what the operator says. */
function joined(policy: PolicyDefinition = {}, operator: PolicyDefinition = {}): PolicyDefinition {
  const both: Record<string, unknown> = { ...policy };
  for (const [key, value] of Object.entries(operator)) {
    both[key] = lower(both[key], value) ?? value;
  }
  return both;
}

function resolve(
  key: string, argument: FieldValue | undefined, value: FieldValue,
): FieldValue {
  if (argument === undefined) return value;
  if (policyKeys[key]?.merge !== 'lower') return argument;
  return (lower(argument, value) as FieldValue | undefined) ?? argument;
}

function lower(one: unknown, other: unknown): unknown {
  const isNumber = (value: unknown): value is number | bigint =>
    typeof value === 'number' || typeof value === 'bigint';
  if (!isNumber(one) || !isNumber(other)) return undefined;
  return one < other ? one : other;
}

/** Why each value that somebody set is what it is. What nobody set has its default. */
export function explainEffective(
  declared: FieldTable, { policy, operatorPolicy, arguments: table }: Effective,
  argumentOf: (key: string) => string,
): readonly Why[] {
  const keys = new Set([
    ...Object.keys(policyKeys).filter((key) => argumentOf(key) in declared),
    ...Object.keys(policy?.definition ?? {}), ...Object.keys(operatorPolicy?.definition ?? {}),
  ]);
  return [...keys].map((key) => {
    const value = table[argumentOf(key)]!;
    const said: Omit<Why, 'overruled' | 'key'>[] = [];
    const argument = declared[argumentOf(key)];
    if (argument !== undefined) said.push({ value: argument, source: 'argument' });
    const policies = [['policy', policy], ['operator policy', operatorPolicy]] as const;
    for (const [source, from] of policies) {
      const given = from?.definition[key] as FieldValue | undefined;
      if (given !== undefined) said.push({ value: given, source, policy: from!.name });
    }
    const holds = said.find((each) => Object.is(each.value, value)) ?? said[0]!;
    return { key, ...holds, overruled: said.filter((each) => each !== holds) };
  });
}
