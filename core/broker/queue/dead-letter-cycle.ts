import { limits } from '../../limits.ts';
import { NO_PROPERTIES } from '../exchange/matcher.ts';
import type { Queue } from './abstract-queue.ts';
import type { QueueHost } from './queue-host.ts';

/**
 * The queues of a cycle through this one in which messages go round by themselves: they expire or
 * are too many in each, and are dead-lettered to the next, and no consumer rejects them. undefined:
 * there is none, or none was found among as many steps as are looked at. `key`: a routing key with
 * which messages come to the queue, beside those of its bindings to its dead-letter exchange.
 */
export function deadLetterCycle(queue: Queue, key = queue.name): readonly string[] | undefined {
  const cameFrom = new Map<Queue, Queue>();
  const waiting = [queue];
  let steps = 0;
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const to of nextOf(from, from === queue ? key : from.name)) {
      if (to === queue) return pathTo(from, cameFrom);
      if (++steps > limits.deadLetterSearchMax) return undefined;
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, from);
      waiting.push(to);
    }
  }
  return undefined;
}

/** Where messages go that die in a queue by themselves, and may do so again. */
function nextOf(queue: Queue, key: string): readonly Queue[] {
  const { vhost, settings } = queue;
  if (!letsDie(queue)) return [];
  const exchange = vhost.exchanges.get(settings.deadLetterExchange!);
  if (exchange === undefined || exchange.bindingCount > limits.deadLetterSearchMax) return [];
  const keys = settings.deadLetterRoutingKey === undefined
    ? [key, ...keysTo(queue, exchange.bindings)]
    : [settings.deadLetterRoutingKey];
  // What expires or is too many by itself may have any headers.
  const { destinations } = vhost.route(exchange, NO_PROPERTIES, keys);
  return destinations.filter((each): each is Queue => isQueueOf(each, vhost) && letsDie(each));
}

function keysTo(
  queue: Queue, bindings: Iterable<{ readonly destination: object; readonly routingKey: string }>,
): string[] {
  return [...bindings].flatMap((binding) => {
    return binding.destination === queue ? [binding.routingKey] : [];
  });
}

function letsDie({ settings }: Queue): boolean {
  const { deadLetterExchange, messageTtl, maxLength, maxLengthBytes } = settings;
  if (deadLetterExchange === undefined) return false;
  return (messageTtl ?? maxLength ?? maxLengthBytes) !== undefined;
}

function isQueueOf(destination: object, vhost: QueueHost): destination is Queue {
  return 'name' in destination && vhost.queues.get(String(destination.name)) === destination;
}

function pathTo(last: Queue, cameFrom: ReadonlyMap<Queue, Queue>): readonly string[] {
  const path: string[] = [];
  for (let at: Queue | undefined = last; at !== undefined; at = cameFrom.get(at)) {
    path.push(at.name);
  }
  return path.toReversed();
}

/** What the event of a queue or a binding says where it closes a cycle of dead-lettering. */
export function cycleBy(
  queue: Queue, key?: string,
): { readonly deadLetterCycle?: readonly string[] } {
  const cycle = deadLetterCycle(queue, key);
  return cycle === undefined ? {} : { deadLetterCycle: cycle };
}
