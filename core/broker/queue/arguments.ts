import { limits } from '../../limits.ts';
import type { FieldTable } from '../../protocol/types.ts';
import {
  checkArgument, checkArguments, flag, integer, notNegative, oneOf, positive, preconditionFailed,
  parsed, queueTypeText, suchThat, text, textArgument,
  type Arguments, type ArgumentSpec, type Check, type QueueType,
} from '../definition/argument-checks.ts';
import { assertSameArgument } from '../definition/equivalence.ts';
import { resourceText, stringTerm } from '../reply-text.ts';
import { parseAge } from './age.ts';

const everyType = ['classic', 'quorum', 'stream'] as const;
const classic = ['classic'] as const;
const quorum = ['quorum'] as const;
const stream = ['stream'] as const;
const classicAndQuorum = ['classic', 'quorum'] as const;

const unsupported = (what: string) => (value: string | number): string =>
  stringTerm(`unsupported ${what} '${value}'`);

const duration = (check: Check<number>): Check<number> =>
  suchThat(check, (ms) => ms <= limits.expiresMsMax, (ms) => `{value_too_large,${ms}}`);

const priority = suchThat(
  notNegative, (highest) => highest <= 255, (highest) => `{max_value_exceeded,${highest}}`,
);

const deadLetterRoutingKey = suchThat(
  text, (_key, table) => table['x-dead-letter-exchange'] !== undefined,
  () => 'routing_key_but_no_dlx_defined',
);

const maxAge = parsed((age) => parseAge(String(age)), () => 'invalid_max_age');

const queueType = oneOf(everyType, unsupported('queue type'));

/**
 * Every argument of queue.declare that means something, in the order in which RabbitMQ checks them.
 * QUE-13 to QUE-31, QUE-35. Those that are for clusters alone are checked and have no effect.
 */
export const queueArguments = {
  'x-expires': { queueTypes: classicAndQuorum, check: duration(positive) },
  'x-message-ttl': { queueTypes: classicAndQuorum, check: duration(notNegative) },
  'x-dead-letter-exchange': { queueTypes: classicAndQuorum, check: text },
  'x-dead-letter-routing-key': { queueTypes: classicAndQuorum, check: deadLetterRoutingKey },
  'x-dead-letter-strategy': {
    queueTypes: quorum,
    check: oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
  },
  'x-max-length': { queueTypes: classicAndQuorum, check: notNegative },
  'x-max-length-bytes': { queueTypes: everyType, check: notNegative },
  'x-max-in-memory-length': { queueTypes: quorum, check: notNegative },
  'x-max-in-memory-bytes': { queueTypes: quorum, check: notNegative },
  'x-max-priority': { queueTypes: classic, check: priority },
  'x-overflow': {
    queueTypes: classicAndQuorum,
    check: oneOf(
      ['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow',
    ),
  },
  'x-queue-mode': {
    queueTypes: classic,
    check: oneOf(['default', 'lazy'], unsupported('queue mode')),
  },
  'x-queue-version': {
    queueTypes: classic,
    check: suchThat(
      notNegative, (version) => version === 1 || version === 2, unsupported('queue version'),
    ),
  },
  'x-single-active-consumer': { queueTypes: classicAndQuorum, check: flag },
  'x-queue-type': { queueTypes: everyType, check: queueType },
  'x-quorum-initial-group-size': { queueTypes: quorum, check: positive },
  'x-max-age': {
    queueTypes: stream,
    check: (value, given) => maxAge(text(value, given), given),
  },
  'x-stream-max-segment-size-bytes': { queueTypes: stream, check: notNegative },
  'x-stream-filter-size-bytes': { queueTypes: stream, check: notNegative },
  'x-initial-cluster-size': { queueTypes: stream, check: positive },
  'x-queue-leader-locator': {
    queueTypes: everyType,
    check: oneOf(
      ['client-local', 'balanced', 'random', 'least-leaders'], () => 'invalid_queue_locator_arg',
    ),
  },
  'x-queue-master-locator': { queueTypes: classic, check: text },
  'x-member-placement-tag': { queueTypes: everyType, check: text },
  'x-delivery-limit': { queueTypes: quorum, check: integer },
  'x-consumer-timeout': { queueTypes: classicAndQuorum, check: notNegative },
  'x-consumer-disconnected-timeout': { queueTypes: quorum, check: notNegative },
  'x-delayed-retry-type': {
    queueTypes: quorum,
    check: oneOf(
      ['disabled', 'all', 'failed', 'returned'], () => 'invalid_delayed_retry_type',
    ),
  },
  'x-delayed-retry-min': { queueTypes: quorum, check: notNegative },
  'x-delayed-retry-max': { queueTypes: quorum, check: notNegative },
} as const satisfies Record<string, ArgumentSpec<unknown>>;

type QueueArguments = Arguments<typeof queueArguments>;

export type Overflow = NonNullable<QueueArguments['x-overflow']>;

/** What a queue is told to do, whichever way it was told. Times are in milliseconds. */
export interface QueueSettings {
  readonly type: QueueType;
  readonly messageTtl: number | undefined;
  readonly expires: number | undefined;
  readonly maxLength: number | undefined;
  readonly maxLengthBytes: number | undefined;
  readonly overflow: Overflow;
  readonly deadLetterExchange: string | undefined;
  readonly deadLetterRoutingKey: string | undefined;
  readonly deadLetterStrategy: 'at-most-once' | 'at-least-once';
  /** What was asked for and is not done, and why; undefined: all is done. */
  readonly fallback: string | undefined;
  readonly maxPriority: number | undefined;
  readonly singleActiveConsumer: boolean;
  /** How often a message may come back; undefined: without end. QUE-29. */
  readonly deliveryLimit: number | undefined;
  readonly consumerTimeout: number | undefined;
  /** Which messages that come back wait first, and how long. */
  readonly delayedRetry: DelayedRetry | undefined;
  /** How much a stream keeps; undefined for other types. QUE-31. */
  readonly retention: Retention | undefined;
}

/** Whether a limit says how much waits at most. */
export function isLimited({ maxLength, maxLengthBytes }: QueueSettings): boolean {
  return maxLength !== undefined || maxLengthBytes !== undefined;
}

/** How much a stream keeps; Infinity: there is no limit. */
export interface Retention {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Size at which the next segment begins: messages are dropped by segments. */
  readonly segmentBytes: number;
}

/** A message waits `minMs` times its deliveries, `maxMs` at most. QUE-29. */
export interface DelayedRetry {
  readonly messages: 'all' | 'failed' | 'returned';
  readonly minMs: number;
  readonly maxMs: number;
}

/** What queue.declare says of a new queue beside its arguments. */
export interface QueueDeclaration {
  /** As the client gave it: empty where the server is to choose one. */
  readonly name: string;
  readonly vhost: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
}

/**
 * Checks the declaration of a queue that does not exist yet; what is wrong with it: 406.
 * `deliveryLimit` is that of a quorum queue that does not say.
 */
export function parseQueueArguments(
  declaration: QueueDeclaration, table: FieldTable, deliveryLimit: number = limits.deliveryLimit,
): QueueSettings {
  const resource = resourceText('queue', declaration.name, declaration.vhost);
  textArgument(table, 'x-dead-letter-exchange', resource);
  const type = checkArgument('x-queue-type', queueType, table, resource) ?? 'classic';
  const checked = checkArguments(queueArguments, type, table, resource);
  if (type !== 'classic') checkReplicated(type, declaration, resource);
  if (type === 'stream') checkStreamSizes(checked);
  return settingsOf(type, checked, deliveryLimit);
}

/**
 * What a queue does by its arguments and the policies for it, which were all checked where they
 * were set. What means nothing without another one has no effect.
 */
export function settingsFrom(
  type: QueueType, table: FieldTable, deliveryLimit: number,
): QueueSettings {
  const checked: Record<string, unknown> = {};
  for (const [name, { queueTypes, check }] of Object.entries(queueArguments)) {
    if (!(queueTypes as readonly QueueType[]).includes(type)) continue;
    const means = name !== 'x-dead-letter-routing-key' || 'x-dead-letter-exchange' in table;
    if (means) checked[name] = checkArgument(name, check as Check<unknown>, table, name);
  }
  return settingsOf(type, checked as QueueArguments, deliveryLimit);
}

/** Quorum queues and streams are there for all and for long. QUE-29. */
function checkReplicated(
  type: QueueType, { name, durable, exclusive, autoDelete }: QueueDeclaration, resource: string,
): void {
  if (name === '') {
    throw preconditionFailed(
      `Cannot declare a server-named queue for type ${queueTypeText(type)}`,
    );
  }
  const wrong = (autoDelete && 'auto-delete') || (exclusive && 'exclusive-owner')
    || (!durable && 'non-durable');
  if (wrong) throw preconditionFailed(`invalid property '${wrong}' for ${resource}`);
}

const segmentBytesMax = 3_000_000_000;
const filterBytesMin = 16;
const filterBytesMax = 255;

/** Bounds of the sizes that a stream is declared with; beyond: 406. QUE-31. */
function checkStreamSizes(checked: QueueArguments): void {
  if ((checked['x-stream-max-segment-size-bytes'] ?? 0) > segmentBytesMax) {
    throw preconditionFailed('Exceeded max value for x-stream-max-segment-size-bytes');
  }
  const filterBytes = checked['x-stream-filter-size-bytes'] ?? filterBytesMin;
  if (filterBytes < filterBytesMin || filterBytes > filterBytesMax) {
    throw preconditionFailed('Invalid value for x-stream-filter-size-bytes');
  }
}

function settingsOf(
  type: QueueType, checked: QueueArguments, deliveryLimit: number,
): QueueSettings {
  const overflow = overflowOf(type, checked);
  const fallback = fallbackOf(overflow, checked);
  return {
    type,
    messageTtl: checked['x-message-ttl'],
    expires: checked['x-expires'],
    maxLength: checked['x-max-length'],
    maxLengthBytes: checked['x-max-length-bytes'],
    overflow,
    deadLetterExchange: checked['x-dead-letter-exchange'],
    deadLetterRoutingKey: checked['x-dead-letter-routing-key'],
    deadLetterStrategy: fallback === undefined
      ? checked['x-dead-letter-strategy'] ?? 'at-most-once'
      : 'at-most-once',
    fallback,
    maxPriority: checked['x-max-priority'],
    singleActiveConsumer: checked['x-single-active-consumer'] ?? false,
    deliveryLimit: type === 'quorum'
      ? deliveryLimitOf(checked['x-delivery-limit'], deliveryLimit) : undefined,
    consumerTimeout: checked['x-consumer-timeout'],
    delayedRetry: delayedRetryOf(checked),
    retention: type === 'stream' ? retentionOf(checked) : undefined,
  };
}

/** A queue that drops messages cannot promise to dead-letter each of them. QUE-29. */
function fallbackOf(overflow: Overflow, checked: QueueArguments): string | undefined {
  if (checked['x-dead-letter-strategy'] !== 'at-least-once') return undefined;
  const why = overflow !== 'reject-publish' ? `its overflow is ${overflow}`
    : checked['x-dead-letter-exchange'] === undefined ? 'it has no dead-letter exchange'
      : undefined;
  return why && `falls back from dead-letter strategy at-least-once to at-most-once: ${why}`;
}

/** Quorum queues take reject-publish-dlx, and do as if it were not there. QUE-17. */
function overflowOf(type: QueueType, checked: QueueArguments): Overflow {
  const overflow = checked['x-overflow'] ?? 'drop-head';
  return type === 'quorum' && overflow === 'reject-publish-dlx' ? 'drop-head' : overflow;
}

/** A stream is dropped in eighths of what it may keep, or in less where that is asked for. */
function retentionOf(checked: QueueArguments): Retention {
  const maxBytes = checked['x-max-length-bytes'] ?? Infinity;
  const asked = checked['x-stream-max-segment-size-bytes'] ?? Infinity;
  return {
    maxBytes,
    maxAgeMs: checked['x-max-age'] ?? Infinity,
    segmentBytes: Math.min(limits.segmentBytes, asked, Math.ceil(maxBytes / 8)),
  };
}

function deliveryLimitOf(limit: number | undefined, usual: number): number | undefined {
  if (limit === undefined) return usual === Infinity ? undefined : usual;
  return limit < 0 ? undefined : limit;
}

function delayedRetryOf(checked: QueueArguments): DelayedRetry | undefined {
  const messages = checked['x-delayed-retry-type'] ?? 'disabled';
  const minMs = checked['x-delayed-retry-min'];
  if (messages === 'disabled' || minMs === undefined) return undefined;
  return { messages, minMs, maxMs: checked['x-delayed-retry-max'] ?? Infinity };
}

/**
 * Whether a queue that exists is declared again with the same arguments; else 406. Arguments that
 * its type does not know may differ, and no type at all means classic. QUE-05.
 */
export function assertSameQueueArguments(
  type: QueueType, received: FieldTable, current: FieldTable, resource: string,
): void {
  for (const [name, { queueTypes }] of Object.entries(queueArguments)) {
    if (!(queueTypes as readonly QueueType[]).includes(type)) continue;
    if (name === 'x-queue-type' && (received[name] ?? 'classic') === type) continue;
    assertSameArgument(name, received, current, resource);
  }
}
