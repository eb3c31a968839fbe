import type { FieldTable, FieldValue } from '../../protocol/types.ts';
import type { PermissionPatterns, TopicPatterns } from '../access/permissions.ts';
import type { KeptUser } from '../access/users.ts';
import type { SettingChange } from '../definition/setting-table.ts';
import type { KeptPolicy } from '../policy/policies.ts';
import { jsonTerm } from '../reply-text.ts';
import { NO_METADATA, type VirtualHostMetadata } from '../settings.ts';
import type { FactHost } from './event-facts.ts';
import type { ToldEvent } from './told-message.ts';

/** Looks at a setting that is about to change; what it answers says, afterwards, what is told. */
export function settingFacts(host: FactHost, change: SettingChange): () => readonly ToldEvent[] {
  const { kind, vhost, name, before, value } = change;
  switch (kind) {
    case 'user': return () => userFacts(name, before as KeptUser, value as KeptUser);
    case 'permission': return () => [permissionFacts(vhost, name, value as PermissionPatterns)];
    case 'topic-permission': return () => [topicFacts(vhost, name, value as TopicPatterns)];
    case 'vhost': return () => [vhostFacts(host, change)];
    case 'policy':
    case 'operator-policy': return policyFacts(host, change);
    case 'vhost-limits': return () => limitFacts(vhost, name, value);
    case 'parameter': return () => [parameterFacts(change)];
    case 'global-parameter': {
      return () => [value === undefined
        ? told('parameter.cleared', { name })
        : told('parameter.set', { value: fieldOf(value), name })];
    }
    case 'paused-queue':
    case 'note': return () => [];
  }
}

function told(key: string, facts: FieldTable): ToldEvent {
  return { key, facts };
}

/** What came as JSON, as a field of AMQP. */
function fieldOf(value: unknown): FieldValue {
  if (Array.isArray(value)) return value.map(fieldOf);
  if (typeof value !== 'object' || value === null) return (value ?? null) as FieldValue;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fieldOf(item)]));
}

function userFacts(
  name: string, before: KeptUser | undefined, after: KeptUser | undefined,
): ToldEvent[] {
  if (after === undefined) return [told('user.deleted', { name })];
  const events: ToldEvent[] = [];
  if (before === undefined) events.push(told('user.created', { name }));
  else if (before.passwordHash !== after.passwordHash) {
    const key = after.passwordHash === '' ? 'user.password.cleared' : 'user.password.changed';
    events.push(told(key, { name }));
  }
  if (before?.limits === undefined || !isSame(before.limits, after.limits)) {
    events.push(...userLimitFacts(name, before, after));
  }
  if (before === undefined || !isSame(before.tags, after.tags)) {
    events.push(told('user.tags.set', { tags: [...after.tags], name }));
  }
  return events;
}

function userLimitFacts(
  username: string, before: KeptUser | undefined, { limits }: KeptUser,
): ToldEvent[] {
  const fewer = Object.keys(before?.limits ?? {}).some((limit) => !(limit in limits));
  if (fewer) return [told('user.limits.cleared', { username, name: 'limits' })];
  if (Object.keys(limits).length === 0) return [];
  return [told('user.limits.set', { ...limits as FieldTable, username, name: 'limits' })];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function permissionFacts(
  vhost: string, user: string, patterns: PermissionPatterns | undefined,
): ToldEvent {
  if (patterns === undefined) return told('permission.deleted', { vhost, user });
  const { read, write, configure } = patterns;
  return told('permission.created', { read, write, configure, vhost, user });
}

function topicFacts(vhost: string, key: string, patterns: TopicPatterns | undefined): ToldEvent {
  const [user, exchange] = JSON.parse(key) as [string, string];
  if (patterns === undefined) return told('topic.permission.deleted', { vhost, user });
  const { read, write } = patterns;
  return told('topic.permission.created', { read, write, exchange, vhost, user });
}

function vhostFacts({ node }: FactHost, { name, before, value }: SettingChange): ToldEvent {
  if (value === undefined) return told('vhost.deleted', { name });
  const metadata = { ...NO_METADATA, ...value as Partial<VirtualHostMetadata> };
  const { description, tags, defaultQueueType = 'undefined', tracing } = metadata;
  return told(before === undefined ? 'vhost.created' : 'vhost.updated', {
    tags: [...tags], description, cluster_state: { [node]: 'running' }, tracing,
    metadata: jsonTerm({ description, tags }), default_queue_type: defaultQueueType, name,
  });
}

/** Each queue that a policy begins or ends to apply to is told of before the policy is. */
function policyFacts(
  { vhosts }: FactHost, { kind, vhost, name, value }: SettingChange,
): () => ToldEvent[] {
  const isOperator = kind === 'operator-policy';
  const governed = (): Map<string, string> => new Map(
    [...vhosts.get(vhost)?.queues.values() ?? []]
      .filter(({ effective }) => (
        (isOperator ? effective?.operatorPolicy : effective?.policy)?.name === name))
      .map((queue) => [queue.name, `rabbit_${queue.settings.type}_queue`]));
  const before = governed();
  return () => {
    const after = governed();
    const policy = value as KeptPolicy | undefined;
    const words = policy === undefined ? {} : policyWords(policy);
    const cleared = [...before].filter(([queue]) => !after.has(queue))
      .map(([queue, type]) => told('queue.policy.cleared', { type, vhost, name: queue }));
    const updated = [...after]
      .map(([queue, type]) => told('queue.policy.updated', { ...words, type, vhost, name: queue }));
    const parameter = { name, component: isOperator ? 'operator_policy' : 'policy', vhost };
    if (policy === undefined) {
      const key = isOperator ? 'operator.policy.cleared' : 'policy.cleared';
      const parameterEvents = isOperator ? [told('parameter.cleared', parameter)] : [];
      return [...parameterEvents, ...cleared, ...updated, told(key, { vhost, name })];
    }
    const parameterEvents = isOperator
      ? [told('parameter.set', { value: words, ...parameter })]
      : [];
    const set = told('policy.set', { ...words, vhost, name });
    return [...parameterEvents, ...cleared, ...updated, set];
  };
}

function policyWords({ applyTo, priority, definition, pattern }: KeptPolicy): FieldTable {
  return {
    'apply-to': applyTo, priority, definition: fieldOf(definition), pattern,
  };
}

/** RabbitMQ tells of a limit that goes as of one that is set to nothing. */
function limitFacts(vhost: string, name: string, value: unknown): ToldEvent[] {
  const limits = fieldOf(value ?? {}) as FieldTable;
  const parameter = { name, component: 'vhost-limits', vhost };
  return [
    value === undefined
      ? told('parameter.cleared', parameter)
      : told('parameter.set', { value: limits, ...parameter }),
    told('vhost.limits.set', { ...limits, name }),
  ];
}

function parameterFacts({ vhost, name: key, value }: SettingChange): ToldEvent {
  const [component, name] = JSON.parse(key) as [string, string];
  if (value === undefined) return told('parameter.cleared', { name, component, vhost });
  return told('parameter.set', { value: fieldOf(value), name, component, vhost });
}
