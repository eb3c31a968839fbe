import { hashingAlgorithms, type Broker, type Profile } from '../../core/index.ts';
import { declareDefinitions } from '../../core/management/index.ts';
import type { FieldTable } from '../../core/protocol/index.ts';
import { TestBrokerError } from './test-broker-error.ts';

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
  /** Policies, limits and the like; what the broker would not heed is refused. */
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
const imported = [
  'users', 'vhosts', 'permissions', 'topic_permissions', 'policies', 'exchanges', 'queues',
  'bindings',
];
/** What every RabbitMQ has of its own accord. */
const namesOfCluster = ['cluster_name', 'internal_cluster_id', 'cluster_tags'];
/** Parameters that the broker heeds; others are for plugins that it has not. */
const heededComponents: readonly unknown[] = ['vhost-limits', 'operator_policy', 'policy'];

/** Names of the virtual hosts in definitions. */
export function vhostsOf({ vhosts = [] }: Definitions): string[] {
  return vhosts.map(({ name }) => name);
}

/** Fails where there is anything that the broker would not heed. */
export function checkSupported(definitions: Definitions): void {
  const complaints = Object.entries(definitions)
    .filter(([key]) => !imported.includes(key) && !aboutTheExport.includes(key))
    .flatMap(([key, value]) => unsupported(key, value));
  for (const { name, hashing_algorithm: algorithm } of definitions.users ?? []) {
    if (algorithm === undefined || hashingAlgorithms.includes(algorithm)) continue;
    complaints.push(`user '${name}' hashed with ${algorithm}`);
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
  return (value as { name?: unknown; vhost?: unknown; component?: unknown }[])
    .filter(({ name }) => key !== 'global_parameters' || !namesOfCluster.includes(String(name)))
    .filter(({ component }) => key !== 'parameters' || !heededComponents.includes(component))
    .map(({ name, vhost }) => {
      const where = vhost === undefined ? '' : ` in vhost '${String(vhost)}'`;
      return `${key}: '${String(name)}'${where}`;
    });
}

/**
 * Applies all that definitions hold. Where they have users and do not say what these may do, they
 * may do everything. Fails with the first that is wrong.
 */
export function importDefinitions(broker: Broker, definitions: Definitions): void {
  const refused = declareDefinitions(broker, definitions)
    .find(({ outcome }) => outcome === 'refused' || outcome === 'different');
  if (refused === undefined) {
    const { users = [], permissions } = definitions;
    if (permissions === undefined) broker.letIn(users.map(({ name }) => ({ name })));
    return;
  }
  const { kind, name, vhost, text } = refused;
  const where = `${kind} '${name}' in vhost '${vhost || '/'}'`;
  throw new TestBrokerError(`cannot import the ${where}: ${text}`);
}
