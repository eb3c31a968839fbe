import { keepTag, tagOf } from '../protocol/field-tags.ts';
import { wireLimits } from '../protocol/limits.ts';
import { Decimal, type FieldTable, type Properties } from '../protocol/types.ts';

/** A message to be published. */
export interface Outgoing {
  /** Default: the default exchange, whose routing keys are names of queues. */
  readonly exchange?: string;
  /** Default: the empty key. */
  readonly routingKey?: string;
  /** Text is sent as UTF-8. */
  readonly body: Uint8Array | string;
  readonly properties?: Properties;
  /** Is to come back, where no queue takes it. */
  readonly mandatory?: boolean;
  /** Is to come back, where no consumer can have it at once. RabbitMQ answers it with 540. */
  readonly immediate?: boolean;
}

/** What messages are sent with that do not say. */
export type Route = Pick<Outgoing, 'exchange' | 'routingKey' | 'mandatory'>;

export const NO_ROUTE: Route = {};

const utf8 = new TextEncoder();

/** The octets of the body. */
export function bodyOf({ body }: Outgoing): Uint8Array {
  return typeof body === 'string' ? utf8.encode(body) : body;
}

/**
 * A message as it is at this moment. A program may use its buffers and tables again as soon as it
 * has handed them over, so whatever is not written at once is copied.
 */
export function snapshotOf(message: Outgoing): Outgoing {
  const { exchange, routingKey, body, properties, mandatory, immediate } = message;
  const copy: Record<string, unknown> = {
    exchange, routingKey, mandatory, immediate,
    body: copyOf(body, 0), properties: copyOf(properties, 0),
  };
  // What the program added goes along, since a slip is looked for as the message is written.
  for (const name in message) copy[name] ??= message[name as keyof Outgoing];
  return copy as unknown as Outgoing;
}

/** A message that waits: what a program gave, and what it was when it was given. */
export interface Handed<M extends Outgoing> {
  readonly given: M;
  readonly sent: Outgoing;
}

export function handOver<M extends Outgoing>(given: M): Handed<M> {
  return { given, sent: snapshotOf(given) };
}

/** Deeper than a table may be nested nothing is copied: the encoder refuses it. */
const COPIED_DEPTH_MAX = wireLimits.fieldDepthMax + 2;

/** Copies what can be written to; values keep the types that they came with. */
function copyOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Decimal) return value;
  if (depth > COPIED_DEPTH_MAX) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Date) return new Date(value);
  const table = value as FieldTable;
  const isList = Array.isArray(value);
  const copy = (isList ? [] : Object.create(null)) as FieldTable;
  for (const name of Object.keys(table)) {
    copy[name] = copyOf(table[name], depth + 1) as FieldTable[string];
    const key = isList ? Number(name) : name;
    keepTag(copy, key, copy[name], tagOf(table, key));
  }
  return copy;
}
