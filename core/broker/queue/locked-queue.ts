import { AmqpError } from '../../errors.ts';
import type { Queue } from './abstract-queue.ts';

/** The refusal of a queue that another connection has for itself. QUE-05, QUE-06. */
export function lockedQueue(queue: Queue): AmqpError {
  return new AmqpError('RESOURCE_LOCKED',
    `cannot obtain exclusive access to locked ${queue.text}. It could be originally declared on ` +
    'another connection or the exclusive property value does not match that of the original ' +
    'declaration.');
}
