import type { Broker } from '../broker/broker.ts';
import type { Delivery } from '../broker/delivery/delivery.ts';
import { rewrite } from '../broker/message/rewriting.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import { ClassicQueue } from '../broker/queue/classic-queue.ts';
import { AmqpError } from '../errors.ts';
import { unackedOf } from './messages.ts';

/** What became of one message that was to be moved or deleted. */
export interface RemovedMessage {
  /** As a peek names it. */
  readonly id: string;
  readonly outcome: 'done' | 'refused';
  /** Why it was not done; '' where it was. */
  readonly text: string;
}

/**
 * Deletes single messages that wait in a queue; they are not dead-lettered. Those that somebody
 * holds unacknowledged, and those that left, are refused each by itself. Errors: 540 on a stream.
 */
export function deleteMessages(
  broker: Broker, queue: Queue, ids: readonly string[],
): RemovedMessage[] {
  return removeMessages(broker, queue, ids, (waiting) => {
    const { trace } = queue.vhost.events;
    for (const { address } of waiting) {
      if (trace.active) trace.dropped(queue, address, 'deleted');
    }
    return new Map();
  });
}

/**
 * Moves single messages that wait in a queue to the end of another one, in their order, with the
 * exchange, key and properties that they have; a time to live counts anew. Each is published and
 * taken out in one turn, so that also after a crash it is in one of the two queues; what the
 * other one refuses stays where it is. Errors: 540 out of a stream, 406 to the same queue.
 */
export async function moveMessages(
  broker: Broker, queue: Queue, ids: readonly string[], target: Queue,
): Promise<RemovedMessage[]> {
  if (target === queue) {
    throw new AmqpError('PRECONDITION_FAILED', `the messages are in ${queue.text} already`);
  }
  // What is copied is read, maybe from the disk.
  return queue.lend(waitingIn(queue, new Set(ids)), () => removeMessages(
    broker, queue, ids, (waiting) => copyTo(target, queue, waiting),
  ));
}

function waitingIn(queue: Queue, ids: ReadonlySet<string>): Delivery[] {
  const waiting: Delivery[] = [];
  queue.forEachWaiting((delivery) => {
    if (ids.has(delivery.id)) waiting.push(delivery);
    return waiting.length < ids.size;
  });
  return waiting;
}

/** `before`: what is done with messages before they go; answers which do not, and why. */
function removeMessages(
  broker: Broker, queue: Queue, ids: readonly string[],
  before: (waiting: readonly Delivery[]) => ReadonlyMap<string, string>,
): RemovedMessage[] {
  if (!(queue instanceof ClassicQueue)) {
    throw new AmqpError('NOT_IMPLEMENTED', `nothing is taken out of a stream: ${queue.text}`);
  }
  const reasons = new Map<string, string>();
  broker.turn.within(() => {
    const wanted = new Set(ids);
    const waiting = waitingIn(queue, wanted);
    for (const { id } of waiting) wanted.delete(id);
    for (const id of wanted) reasons.set(id, 'it is not in the queue any more');
    for (const { owner, delivery } of unackedOf(broker, queue)) {
      if (wanted.has(delivery.id)) reasons.set(delivery.id, `${owner} holds it unacknowledged`);
    }
    for (const [id, reason] of before(waiting)) reasons.set(id, reason);
    const going = waiting.map(({ id }) => id).filter((id) => !reasons.has(id));
    queue.remove(new Set(going));
  });
  return ids.map((id) => {
    const text = reasons.get(id) ?? '';
    return { id, outcome: text === '' ? 'done' : 'refused', text };
  });
}

/** Puts copies at the end of the target; answers which it refuses. */
function copyTo(
  target: Queue, source: Queue, waiting: readonly Delivery[],
): ReadonlyMap<string, string> {
  const { vhost } = source;
  const { store, turn, events: { trace } } = vhost;
  const refused = new Map<string, string>();
  const readable = waiting.filter(({ address, id }) => {
    if (store.isResident(address)) return true;
    refused.set(id, 'it cannot be read, or too much is moved at once');
    return false;
  });
  const refusals = {
    reject: (index: number) => {
      refused.set(readable[index]!.id, `${target.text} is full`);
    },
  };
  // One list for all of them: they are one run.
  const destinations = [target];
  const copies = readable.map(({ address: original }, index) => {
    const message = vhost.readMessage(original);
    const address = store.append(rewrite(message.bytes, {}), message.marks);
    store.retain(address);
    turn.publish(destinations, address, message.timeToLive, refusals, index);
    return address;
  });
  turn.flushRun();
  copies.forEach((copy, index) => {
    const { id, address } = readable[index]!;
    if (trace.active && !refused.has(id)) trace.moved(source, address, target, copy);
    store.release(copy);
  });
  return refused;
}
