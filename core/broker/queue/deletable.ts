import { AmqpError } from '../../errors.ts';
import type { Queue } from './abstract-queue.ts';

/** Refuses a deletion of a classic or quorum queue under conditions that are not met. QUE-11. */
export function checkDeletable(
  { settings, text, consumers, readyCount }: Queue, ifUnused: boolean, ifEmpty: boolean,
): void {
  if (settings.type === 'quorum' && (ifUnused || ifEmpty)) {
    throw new AmqpError('NOT_IMPLEMENTED', `cannot delete ${text}. queue.delete operations with ` +
      `if-${ifUnused ? 'unused' : 'empty'} flag set are not supported by quorum queues`);
  }
  if (ifUnused && consumers.count > 0) {
    throw new AmqpError('PRECONDITION_FAILED', `${text} in use`);
  }
  if (ifEmpty && readyCount > 0) {
    throw new AmqpError('PRECONDITION_FAILED', `${text} not empty`);
  }
}
