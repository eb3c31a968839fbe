import * as v from 'valibot';
import { permitQueueDeclare } from '../../broker/permitted.ts';
import type { Queue } from '../../broker/queue/abstract-queue.ts';
import { lockedQueue } from '../../broker/queue/locked-queue.ts';
import { AmqpError } from '../../errors.ts';
import { done, put } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { optionalFlag, table, text } from '../body.ts';
import type { Call } from '../call.ts';
import { bindingsOf, bindingTable } from '../objects/binding-table.ts';
import { queueTable, wholeQueueTable } from '../objects/queue-table.ts';
import { act, change, list, single, type Route } from '../route.ts';

const ONE = '/api/queues/:vhost/:queue';

const declaration = v.object({
  durable: optionalFlag, auto_delete: optionalFlag, arguments: table, node: v.nullish(text),
});

function declare(call: Call, body: v.InferOutput<typeof declaration>): unknown {
  const { vhost, guard, broker } = call;
  const name = call.name('queue');
  const { durable, auto_delete: autoDelete, arguments: given, node } = body;
  if (typeof node === 'string' && node !== broker.options.node) {
    throw badRequest(`Node ${node} could not be contacted`);
  }
  const isNew = !vhost.queues.has(name);
  permitQueueDeclare(guard, vhost, name, given);
  usable(vhost.declareQueue({ queue: name, durable, autoDelete, arguments: given }));
  return put(isNew);
}

/** Errors: 405 where a connection has the queue for itself. */
export function usable(queue: Queue): Queue {
  if (queue.options.owner !== undefined) throw lockedQueue(queue);
  return queue;
}

function remove(call: Call): unknown {
  const { vhost, guard, queue } = call;
  guard.queue('configure', queue.name);
  usable(queue).checkDeletable(call.wants('if-unused'), call.wants('if-empty'));
  return new Promise((resolve) => vhost.removeQueue(queue, () => resolve(done)));
}

function purge({ guard, queue }: Call): unknown {
  guard.queue('read', queue.name);
  if (queue.settings.type === 'stream') {
    throw new AmqpError('NOT_IMPLEMENTED',
      `queue.purge not supported by stream queues ${queue.text}`);
  }
  return new Promise((resolve) => usable(queue).purge(() => resolve(done)));
}

/** A queue that is paused takes messages, and lets none out until it goes on. */
function pause(isPaused: boolean): (call: Call) => unknown {
  return ({ vhost, guard, queue }) => {
    guard.queue('configure', queue.name);
    vhost.pausedQueues.set(usable(queue), isPaused);
    return done;
  };
}

/** Queues. */
export const queueRoutes: readonly Route[] = [
  list('/api/queues', 'management', 'Queues of all virtual hosts', queueTable,
    ({ vhosts }) => vhosts.flatMap(({ queues }) => [...queues.values()])),
  list('/api/queues/:vhost', 'vhost', 'Queues of a virtual host', queueTable,
    ({ vhost }) => vhost.queues.values()),
  single(ONE, 'vhost', 'One queue', wholeQueueTable, ({ queue }) => queue),
  change('PUT', ONE, 'vhost', { says: 'Declare a queue', body: declaration }, declare),
  act('DELETE', ONE, 'vhost', {
    says: 'Delete a queue',
    query: { 'if-unused': 'true: only without consumers', 'if-empty': 'true: only when empty' },
  }, remove),
  act('DELETE', `${ONE}/contents`, 'vhost', { says: 'Drop all messages that wait' }, purge),
  act('PUT', `${ONE}/pause`, 'vhost', { says: 'Let no message out of a queue' }, pause(true)),
  act('PUT', `${ONE}/resume`, 'vhost', { says: 'Let messages out of it again' }, pause(false)),
  list(`${ONE}/bindings`, 'vhost', 'Bindings to a queue', bindingTable,
    ({ vhost, queue }) => [...bindingsOf(vhost)].filter(({ destination: { kind, name } }) => (
      kind === 'queue' && name === queue.name))),
  change('POST', `${ONE}/actions`, 'vhost', {
    says: 'sync and cancel_sync, which mean something with several nodes',
    body: v.object({ action: v.nonOptional(v.any()) }),
  }, (call, { action }) => {
    call.found(call.queue);
    if (action === 'sync' || action === 'cancel_sync') return done;
    throw badRequest(['unknown', action]);
  }),
];
