import type { FieldTable } from '../../protocol/types.ts';

/** What queue.declare says of a queue. */
export interface QueueDeclaration {
  /** Empty: the server makes a name. QUE-01. */
  readonly queue: string;
  /** Each flag is false where it is absent. */
  readonly durable?: boolean;
  readonly exclusive?: boolean;
  readonly autoDelete?: boolean;
  readonly arguments?: FieldTable;
  /** The name that the server made, where it is to be known before the queue is. */
  readonly serverName?: string;
}

export const queueDeclarationNames: readonly (keyof QueueDeclaration)[] = [
  'queue', 'durable', 'exclusive', 'autoDelete', 'arguments', 'serverName',
];
