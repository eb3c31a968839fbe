import type { FieldTable, FieldValue } from '../../protocol/types.ts';
import {
  checkArguments, integer, notNegative, type ArgumentSpec, type QueueType,
} from '../definition/argument-checks.ts';

const classicAndQuorum = ['classic', 'quorum'] as const;
const stream = ['stream'] as const;

/** The stream itself knows what it can make of it. QUE-33, QUE-34. */
const unchecked = (value: FieldValue): FieldValue => value;

/** Every argument of basic.consume that means something. BAS-12. */
const consumerArguments = {
  'x-priority': { queueTypes: classicAndQuorum, check: integer },
  'x-consumer-timeout': { queueTypes: classicAndQuorum, check: notNegative },
  'x-stream-offset': { queueTypes: stream, check: unchecked },
  'x-stream-filter': { queueTypes: stream, check: unchecked },
  'x-stream-match-unfiltered': { queueTypes: stream, check: unchecked },
} as const satisfies Record<string, ArgumentSpec<unknown>>;

export interface ConsumerSettings {
  /** The higher, the sooner. BAS-14. */
  readonly priority: number;
  /** How long a delivery may stay unacknowledged, in milliseconds; undefined: as the queue says. */
  readonly timeout: number | undefined;
}

/** Checks the arguments of a consumer of a queue, `resource` in reply texts; what is wrong: 406. */
export function parseConsumerArguments(
  table: FieldTable, type: QueueType, resource: string,
): ConsumerSettings {
  const checked = checkArguments(consumerArguments, type, table, resource);
  return { priority: checked['x-priority'] ?? 0, timeout: checked['x-consumer-timeout'] };
}
