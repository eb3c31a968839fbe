import type { QueueType } from '../definition/argument-checks.ts';
import { jsonTerm } from '../reply-text.ts';

/** How the value of a policy and that of an argument make one. */
export type Merge = 'lower' | 'argument';

/** A key that the definition of a policy may have. */
export interface PolicyKey {
  /** Types of queues that can do nothing with it: a policy that has it is not for them at all. */
  readonly unusableFor: readonly QueueType[];
  /** Whether operator policies may have it. */
  readonly operator: boolean;
  readonly merge: Merge;
  readonly isValid: (value: unknown) => boolean;
  /** What RabbitMQ says of a value that is none. */
  readonly complaint: string;
}

const none = [] as const;
const notStream = ['stream'] as const;
const notClassic = ['classic'] as const;
const onlyClassic = ['quorum', 'stream'] as const;
const onlyQuorum = ['classic', 'stream'] as const;
const onlyStream = ['classic', 'quorum'] as const;


const text = (value: unknown): boolean => typeof value === 'string';
const whole = (value: unknown): boolean => Number.isSafeInteger(value);
const count = (value: unknown): boolean => whole(value) && (value as number) >= 0;
const positive = (value: unknown): boolean => whole(value) && (value as number) > 0;
const oneOf = (...words: readonly unknown[]) => (value: unknown): boolean => words.includes(value);
const age = (value: unknown): boolean => text(value) && /^\d+[YMDhms]$/.test(value as string);

function key(
  unusableFor: readonly QueueType[], merge: Merge, operator: boolean,
  isValid: (value: unknown) => boolean, complaint: string,
): PolicyKey {
  return { unusableFor, merge, operator, isValid, complaint };
}

const bytesComplaint = 'is not a valid maximum memory in bytes';
const locators = oneOf('client-local', 'balanced', 'random', 'least-leaders');

/**
 * Every key of a policy that means something here, or is for clusters alone and has no effect.
 * max-priority and x-single-active-consumer are none: a queue is made with them.
 */
export const policyKeys: Readonly<Record<string, PolicyKey>> = {
  'alternate-exchange': key(
    none, 'argument', false, text, 'is not a valid alternate exchange name',
  ),
  'expires': key(notStream, 'lower', true, positive, 'is not a valid queue expiry'),
  'message-ttl': key(notStream, 'lower', true, count, 'is not a valid message TTL'),
  'max-length': key(notStream, 'lower', true, count, 'is not a valid maximum length'),
  'max-length-bytes': key(none, 'lower', true, count, 'is not a valid maximum length in bytes'),
  'overflow': key(
    notStream, 'argument', false, oneOf('drop-head', 'reject-publish', 'reject-publish-dlx'),
    'is not a valid overflow value',
  ),
  'dead-letter-exchange': key(
    notStream, 'argument', false, text, 'is not a valid dead letter exchange name',
  ),
  'dead-letter-routing-key': key(
    notStream, 'argument', false, text, 'is not a valid dead letter routing key',
  ),
  'dead-letter-strategy': key(
    onlyQuorum, 'argument', false, oneOf('at-most-once', 'at-least-once'),
    'is not a valid dead letter strategy',
  ),
  'delivery-limit': key(onlyQuorum, 'lower', true, count, 'is not a valid delivery limit'),
  'delayed-retry-type': key(
    onlyQuorum, 'argument', false, oneOf('disabled', 'all', 'failed', 'returned'),
    'is not a valid delayed retry type',
  ),
  'delayed-retry-min': key(onlyQuorum, 'argument', false, count, 'is not a valid delay'),
  'delayed-retry-max': key(onlyQuorum, 'argument', false, count, 'is not a valid delay'),
  'consumer-timeout': key(notStream, 'lower', false, count, 'is not a valid consumer timeout'),
  'max-in-memory-length': key(notStream, 'lower', true, count, bytesComplaint),
  'max-in-memory-bytes': key(notStream, 'lower', true, count, bytesComplaint),
  'max-age': key(onlyStream, 'argument', false, age, 'is not a valid max age'),
  'stream-max-segment-size-bytes': key(
    onlyStream, 'argument', false, count, 'is not a valid segment size',
  ),
  'initial-cluster-size': key(onlyStream, 'argument', false, count, 'is not a valid cluster size'),
  'queue-leader-locator': key(
    notClassic, 'argument', false, locators, 'is not a valid queue leader locator value',
  ),
  'queue-master-locator': key(
    onlyClassic, 'argument', false, oneOf('client-local', 'min-masters', 'random'),
    'invalid queue-master-locator value',
  ),
  'queue-mode': key(
    onlyClassic, 'argument', false, oneOf('default', 'lazy'), 'is not a valid queue-mode value',
  ),
  'queue-version': key(none, 'argument', false, oneOf(1, 2), 'is not a valid queue-version value'),
  'ha-mode': key(
    onlyClassic, 'argument', false, oneOf('all', 'exactly', 'nodes'),
    'is not a valid ha-mode value',
  ),
  'ha-params': key(onlyClassic, 'argument', false, () => true, ''),
  'ha-sync-mode': key(
    onlyClassic, 'argument', false, oneOf('manual', 'automatic'),
    'is not a valid ha-sync-mode value',
  ),
  'ha-sync-batch-size': key(onlyClassic, 'argument', false, count, 'is not a valid batch size'),
  'ha-promote-on-shutdown': key(
    onlyClassic, 'argument', false, oneOf('always', 'when-synced'),
    'is not a valid ha-promote-on-shutdown value',
  ),
  'ha-promote-on-failure': key(
    onlyClassic, 'argument', false, oneOf('always', 'when-synced'),
    'is not a valid ha-promote-on-failure value',
  ),
};

/** What is wrong with a definition, in RabbitMQ's words; undefined: nothing. */
export function definitionComplaint(
  definition: Readonly<Record<string, unknown>>, operator: boolean,
): string | undefined {
  const names = Object.keys(definition).sort();
  if (names.length === 0) return 'no policy provided';
  const unknown = names.filter((name) => {
    return !Object.hasOwn(policyKeys, name) || (operator && !policyKeys[name]!.operator);
  });
  if (unknown.length > 0) {
    const terms = unknown.map((name) => `{${jsonTerm(name)},${jsonTerm(definition[name])}}`);
    return `[${terms.join(',')}] are not recognised policy settings`;
  }
  const wrong = names.find((name) => !policyKeys[name]!.isValid(definition[name]));
  if (wrong !== undefined) return `${jsonTerm(definition[wrong])} ${policyKeys[wrong]!.complaint}`;
  const needsMode = names.some((name) => name.startsWith('ha-'));
  if (!needsMode || names.includes('ha-mode')) return undefined;
  return 'ha-mode must be specified to specify ha-params, ha-sync-mode or ha-promote-on-shutdown';
}
