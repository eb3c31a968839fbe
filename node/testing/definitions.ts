import type { Broker, Profile } from '../../core/index.ts';
import { declareDefinitions } from '../../core/management/index.ts';
import type { FieldTable } from '../../core/protocol/index.ts';
import { TestBrokerError } from './test-broker-error.ts';
import { isKnownAlgorithm, type HashedUser } from './users.ts';

/**
 * What RabbitMQ exports as definitions, as `rabbitmqctl export_definitions` or the management
 * pages write it. Objects without a virtual host belong to `/`, as in the export of one.
 */
export interface Definitions {
  readonly users?: readonly DefinedUser[];
  readonly vhosts?: readonly DefinedVhost[];
  readonly permissions?: readonly DefinedPermission[];
  readonly exchanges?: readonly DefinedExchange[];
  readonly queues?: readonly DefinedQueue[];
  readonly bindings?: readonly DefinedBinding[];
  /** Policies, parameters and the like: refused where there are any. */
  readonly [other: string]: unknown;
}

/** A virtual host, as RabbitMQ exports it. */
export interface DefinedVhost {
  readonly name: string;
  /** Which RabbitMQ it does as; the rest of what RabbitMQ has here says nothing to the broker. */
  readonly metadata?: { readonly compatibility?: Profile };
}

/** A user, as RabbitMQ exports it. */
export interface DefinedUser {
  readonly name: string;
  readonly password_hash?: string;
  readonly hashing_algorithm?: string;
  readonly tags?: string | readonly string[];
}

/** What a user may do in a virtual host, as RabbitMQ exports it. */
export interface DefinedPermission {
  readonly user: string;
  readonly vhost?: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** An exchange, as RabbitMQ exports it. */
export interface DefinedExchange {
  readonly name: string;
  readonly vhost?: string;
  readonly type: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly internal?: boolean;
  readonly arguments?: FieldTable;
}

/** A queue, as RabbitMQ exports it. */
export interface DefinedQueue {
  readonly name: string;
  readonly vhost?: string;
  /** `classic`, `quorum` or `stream`, beside or in place of the argument `x-queue-type`. */
  readonly type?: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly arguments?: FieldTable;
}

/** A binding, as RabbitMQ exports it. */
export interface DefinedBinding {
  readonly vhost?: string;
  readonly source: string;
  readonly destination: string;
  readonly destination_type: string;
  readonly routing_key?: string;
  readonly arguments?: FieldTable;
}

/** Says something of where the export comes from, and nothing of what is to be there. */
const aboutTheExport = [
  'rabbit_version', 'rabbitmq_version', 'product_name', 'product_version',
  'rabbitmq_definition_format', 'original_cluster_name', 'original_vhost_name', 'explanation',
  'metadata', 'description', 'default_queue_type',
];
const imported = ['users', 'vhosts', 'permissions', 'exchanges', 'queues', 'bindings'];
/** What every RabbitMQ has of its own accord. */
const namesOfCluster = ['cluster_name', 'internal_cluster_id', 'cluster_tags'];
/** Patterns that allow everything, which is what every user may do. */
const everything = ['.*', '^.*$'];

/** Names of the virtual hosts in definitions. */
export function vhostsOf({ vhosts = [] }: Definitions): string[] {
  return vhosts.map(({ name }) => name);
}

/** Users that have a password. */
export function usersOf({ users = [] }: Definitions): HashedUser[] {
  const withPassword = users.filter(({ password_hash: hash }) => hash !== undefined && hash !== '');
  return withPassword.map((user) => ({
    name: user.name,
    passwordHash: user.password_hash!,
    algorithm: user.hashing_algorithm ?? 'rabbit_password_hashing_sha256',
    tags: typeof user.tags === 'string' ? user.tags.split(',') : user.tags ?? [],
  }));
}

/** Who may open which virtual host; undefined where the definitions do not say. */
export function permittedVhosts(
  { permissions }: Definitions,
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  if (permissions === undefined) return undefined;
  const vhosts = new Map<string, Set<string>>();
  for (const { user, vhost = '/' } of permissions) {
    vhosts.set(user, (vhosts.get(user) ?? new Set()).add(vhost));
  }
  return vhosts;
}

/** Fails where there is anything that the broker would not heed. */
export function checkSupported(definitions: Definitions): void {
  const complaints = Object.entries(definitions)
    .filter(([key]) => !imported.includes(key) && !aboutTheExport.includes(key))
    .flatMap(([key, value]) => unsupported(key, value));
  const limits = (definitions.vhosts ?? []).filter((vhost) => {
    return 'limits' in vhost && Object.keys(vhost.limits as object).length > 0;
  });
  complaints.push(...limits.map(({ name }) => `limits of vhost '${name}'`));
  for (const { user, vhost = '/', configure, write, read } of definitions.permissions ?? []) {
    if ([configure, write, read].every((pattern) => everything.includes(pattern))) continue;
    complaints.push(`permissions of user '${user}' in vhost '${vhost}' other than '.*'`);
  }
  for (const { name, algorithm } of usersOf(definitions)) {
    if (!isKnownAlgorithm(algorithm)) complaints.push(`user '${name}' hashed with ${algorithm}`);
  }
  if (complaints.length === 0) return;
  throw new TestBrokerError(
    'the definitions hold what the test broker does not support, so that a test could pass here '
    + `and its program fail elsewhere:\n${complaints.map((text) => `  ${text}`).join('\n')}\n`
    + 'Leave it out, or pass `unsupported: \'ignore\'` to do without it.',
  );
}

function unsupported(key: string, value: unknown): string[] {
  if (!Array.isArray(value)) return [`'${key}'`];
  return (value as { name?: unknown; vhost?: unknown }[])
    .filter(({ name }) => key !== 'global_parameters' || !namesOfCluster.includes(String(name)))
    .map(({ name, vhost }) => {
      const where = vhost === undefined ? '' : ` in vhost '${String(vhost)}'`;
      return `${key}: '${String(name)}'${where}`;
    });
}

/** Declares exchanges, queues and bindings. Fails with the first that is wrong. */
export function importDefinitions(broker: Broker, definitions: Definitions): void {
  const refused = declareDefinitions(broker, definitions)
    .find(({ outcome }) => outcome === 'refused');
  if (refused === undefined) return;
  const { kind, name, vhost, text } = refused;
  const where = `${kind} '${name}' in vhost '${vhost || '/'}'`;
  throw new TestBrokerError(`cannot import the ${where}: ${text}`);
}
