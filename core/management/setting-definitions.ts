import type { Broker } from '../broker/broker.ts';
import { profileNamed, profiles, type Profile } from '../broker/definition/compatibility.ts';
import type { Policies, Policy } from '../broker/policy/policies.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import { tableOf, textOf, type Item } from './fields.ts';

// What is set for users and virtual hosts, in the words of RabbitMQ's definitions.

/** A user as definitions have one. */
export interface UserDefinition {
  readonly name: string;
  readonly password_hash: string;
  readonly hashing_algorithm: string;
  readonly tags: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** A parameter as definitions have one; operator policies and limits travel as such. */
export interface ParameterDefinition {
  readonly component: string;
  readonly vhost: string;
  readonly name: string;
  readonly value: unknown;
}

/** A policy as definitions have one. */
export interface PolicyDefinitionView {
  readonly vhost: string;
  readonly name: string;
  readonly pattern: string;
  readonly 'apply-to': string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly priority: number;
}

export function userDefinitions({ access }: Broker): UserDefinition[] {
  return access.users.list.map(({ name, passwordHash, hashingAlgorithm, tags, limits }) => ({
    name, password_hash: passwordHash, hashing_algorithm: hashingAlgorithm, tags, limits,
  }));
}

export function parameterDefinitions(broker: Broker): ParameterDefinition[] {
  const vhosts = [...broker.vhosts.values()];
  return [
    ...broker.parameters.list(),
    ...vhosts.filter(({ limits }) => Object.keys(limits.all).length > 0)
      .map(({ name: vhost, limits }) => (
        { component: 'vhost-limits', vhost, name: 'limits', value: limits.all })),
    ...vhosts.flatMap(({ operatorPolicies }) => operatorPolicies.list).map((policy) => {
      const { vhost, name, ...value } = policyDefinition(policy);
      return { component: 'operator_policy', vhost, name, value };
    }),
  ];
}

export function globalParameterDefinitions(
  { parameters }: Broker,
): { readonly name: string; readonly value: unknown }[] {
  return parameters.globals.map(({ name, value }) => ({ name, value }));
}

export function policyDefinition(
  { vhost, name, pattern, applyTo, definition, priority }: Policy,
): PolicyDefinitionView {
  return { vhost, name, pattern, 'apply-to': applyTo, definition, priority };
}

/** A virtual host; what RabbitMQ does not know of it stands in its metadata. */
export interface DefinedVhost {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly default_queue_type?: string;
  /** Absent where it does as its broker. */
  readonly metadata?: { readonly compatibility: Profile };
}

export function vhostDefinition({ name, metadata, profile }: VirtualHost): DefinedVhost {
  const { description, tags, defaultQueueType } = metadata;
  return {
    name,
    ...(description !== '' && { description }),
    ...(tags.length > 0 && { tags }),
    ...(defaultQueueType !== undefined && { default_queue_type: defaultQueueType }),
    ...(profile !== undefined && { metadata: { compatibility: profile } }),
  };
}

export function applyUser({ access }: Broker, item: Item): void {
  const text = (key: string): string | undefined => {
    return item[key] === undefined ? undefined : wholeText(item, key);
  };
  const [password, passwordHash] = [text('password'), text('password_hash')];
  const hashingAlgorithm = text('hashing_algorithm');
  access.users.put(textOf(item, 'name'), {
    tags: wordsOf(item['tags'] ?? '', '"tags"'),
    ...(password !== undefined && passwordHash === undefined && { password }),
    ...(passwordHash !== undefined && { passwordHash }),
    ...(hashingAlgorithm !== undefined && { hashingAlgorithm }),
    ...(item['limits'] !== undefined && { limits: tableOf(emptied(item['limits']), '"limits"') }),
  });
}

export function applyPermission({ access }: Broker, item: Item): void {
  access.permissions.set(textOf(item, 'user'), textOf(item, 'vhost', '/'), {
    configure: wholeText(item, 'configure'),
    write: wholeText(item, 'write'),
    read: wholeText(item, 'read'),
  });
}

export function applyTopicPermission({ access }: Broker, item: Item): void {
  const exchange = textOf(item, 'exchange');
  access.permissions.setTopic(textOf(item, 'user'), textOf(item, 'vhost', '/'), exchange, {
    write: wholeText(item, 'write'),
    read: wholeText(item, 'read'),
  });
}

export function applyPolicy(policies: Policies, name: string, item: Item): void {
  const { priority, 'apply-to': applyTo } = item;
  policies.set(name, {
    pattern: item['pattern'] as string,
    definition: tableOf(item['definition'], '"definition"'),
    ...(priority !== undefined && { priority: priority as number }),
    ...(applyTo !== undefined && { applyTo: textOf(item, 'apply-to') }),
  });
}

export function applyParameter(broker: Broker, item: Item): void {
  const [component, name] = [textOf(item, 'component'), textOf(item, 'name')];
  const vhost = broker.vhost(textOf(item, 'vhost', '/'));
  const { value } = item;
  if (component === 'vhost-limits') {
    vhost.limits.setAll(tableOf(emptied(value), '"value"'));
  } else if (component === 'operator_policy') {
    applyPolicy(vhost.operatorPolicies, name, tableOf(value, '"value"'));
  } else if (component === 'policy') {
    applyPolicy(vhost.policies, name, tableOf(value, '"value"'));
  } else broker.parameters.set(component, vhost.name, name, value);
}

export function applyGlobalParameter({ parameters }: Broker, item: Item): void {
  parameters.setGlobal(textOf(item, 'name'), item['value']);
}

const queueTypes = ['classic', 'quorum', 'stream'] as const;

/** Makes a virtual host, and sets what is said of it. */
export function applyVhost(broker: Broker, item: Item): void {
  const metadata = tableOf(item['metadata'] ?? {}, '"metadata"');
  const said = { ...metadata, ...item };
  const { description, tags, default_queue_type: given, limits } = said as Item;
  const type = given === undefined || given === null || given === 'undefined' ? undefined : given;
  const defaultQueueType = queueTypes.find((each) => each === type);
  if (type !== undefined && defaultQueueType === undefined) {
    throw new TypeError(`"default_queue_type" must be ${queueTypes.join(', ')}`);
  }
  const change = {
    ...(description !== undefined && { description: wholeText(said, 'description') }),
    ...(tags !== undefined && { tags: wordsOf(tags, '"tags"') }),
    ...(defaultQueueType !== undefined && { defaultQueueType }),
  };
  const profile = profileOf(item);
  const bounds = limits === undefined ? {} : tableOf(emptied(limits), '"limits"');
  const vhost = broker.ensureVhost(textOf(item, 'name'));
  if (Object.keys(change).length > 0) vhost.describe(change);
  if (Object.keys(bounds).length > 0) vhost.limits.setAll(bounds);
  // Nothing said changes nothing: an import adds.
  if (profile !== undefined) broker.setProfile(vhost, profile);
}

/** Which RabbitMQ a virtual host is to do as; undefined where that is not said. */
export function profileOf(item: Item): Profile | undefined {
  const metadata = item['metadata'];
  if (metadata === undefined || metadata === null) return undefined;
  const name = tableOf(metadata, '"metadata"')['compatibility'];
  const profile = profileNamed(name);
  if (name === undefined || profile !== undefined) return profile;
  throw new TypeError(`"compatibility" must be ${profiles.join(' or ')}`);
}

/** RabbitMQ writes tags as a list, and wrote them as words between commas. */
export function wordsOf(value: unknown, what: string): readonly string[] {
  if (typeof value === 'string') return value.split(',').map((word) => word.trim()).filter(Boolean);
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw new TypeError(`${what} must be a list of texts`);
}

/** A text of any length. */
function wholeText(item: Item, key: string): string {
  const value = item[key];
  if (typeof value === 'string') return value;
  throw new TypeError(`"${key}" must be a text`);
}

/** RabbitMQ writes an empty object as an empty list. */
function emptied(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? {} : value;
}
