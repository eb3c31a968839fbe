import { AmqpError } from '../../errors.ts';
import type { QueueFacts } from './queue-host.ts';

/** Refuses a deletion of a classic or quorum queue under conditions that are not met. QUE-11. */
export function checkDeletable(
  { settings, text, readyCount }: QueueFacts, consumerCount: number,
  ifUnused: boolean, ifEmpty: boolean,
): void {
  if (settings.type === 'quorum' && (ifUnused || ifEmpty)) {
    throw new AmqpError('NOT_IMPLEMENTED', `cannot delete ${text}. queue.delete operations with ` +
      `if-${ifUnused ? 'unused' : 'empty'} flag set are not supported by quorum queues`);
  }
  if (ifUnused && consumerCount > 0) {
    throw new AmqpError('PRECONDITION_FAILED', `${text} in use`);
  }
  if (ifEmpty && readyCount > 0) {
    throw new AmqpError('PRECONDITION_FAILED', `${text} not empty`);
  }
}

/** Refuses basic.get where only one consumer is to have the messages. QUE-25. */
export function checkGettable({ settings, text }: QueueFacts): void {
  if (settings.type !== 'quorum' || !settings.singleActiveConsumer) return;
  throw new AmqpError('RESOURCE_LOCKED', `cannot obtain access to locked ${text}. ` +
    'basic.get operations are not supported by quorum queues with single active consumer');
}
