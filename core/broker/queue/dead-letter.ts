import { limits } from '../../limits.ts';
import type { FieldTable } from '../../protocol/types.ts';
import { addDeath, cycleQueues, type DeadLetterReason } from '../message/deaths.ts';
import type { MessageBytes } from '../message/bytes.ts';
import type { Address } from '../message/address.ts';
import { copiesOf, MARK_DEAD_LETTERED, withCopies } from '../message/store.ts';
import { rewrite } from '../message/rewriting.ts';
import type { Destination } from '../turn/run.ts';
import { work } from '../turn/work.ts';
import type { QueueFacts } from './queue-host.ts';

/** As a message carries it. */
const COPIES_MAX = 2 * Math.log2(limits.deadLetterCopiesMax) - 1;

/**
 * Sends a message that died in `queue` to its dead-letter exchange, or drops it where there is
 * none. The work waits in line in the turn, so that chains and cycles of dead-lettering never
 * recurse; `done` is called when the message is needed no more.
 */
export function deadLetter(
  queue: QueueFacts, address: Address, reason: DeadLetterReason, done: () => void,
): void {
  const { vhost, settings } = queue;
  const { trace } = vhost.events;
  if (trace.active && reason === 'expired') trace.expired(queue, address);
  if (settings.deadLetterExchange === undefined) {
    vhost.totals.queues[settings.type].deaths.disabled[reason]++;
    if (trace.active) trace.dropped(queue, address, reason);
    done();
    return;
  }
  // It is looked for when it is due: between, it might leave the memory again.
  vhost.turn.afterwards(queue, () => vhost.whenReadable(address, () => {
    republish(queue, address, reason);
    done();
  }, () => vhost.store.release(address)));
}

function republish(queue: QueueFacts, address: Address, reason: DeadLetterReason): void {
  const { vhost } = queue;
  const { trace } = vhost.events;
  const letter = prepareLetter(queue, address, reason, vhost.clock.now());
  if (letter === undefined) {
    if (trace.active) trace.dropped(queue, address, reason);
    return;
  }
  tellOfLetter(queue, reason);
  const tell = (becomes?: Address): void => {
    if (trace.active) trace.deadLettered(queue, address, reason, letter.to, becomes);
  };
  const { targets, bytes, marks } = letter;
  if (targets.length > 0) vhost.enqueueDead(targets, bytes, marks, tell);
  else tell();
}

/** A message that died, as it goes on from its queue. */
export interface DeadLetter {
  readonly address: Address;
  readonly reason: DeadLetterReason;
  readonly bytes: MessageBytes;
  readonly marks: number;
  readonly to: { readonly exchange: string; readonly routingKey: string };
  /** Where it goes to, without those that it would go round through. QUE-23. */
  readonly targets: readonly Destination[];
  /** It was dead-lettered as often as may be, and goes nowhere any more. */
  readonly isLast: boolean;
}

/** Makes of a message that died at that time what goes on; undefined: no exchange takes it. */
export function prepareLetter(
  queue: QueueFacts, address: Address, reason: DeadLetterReason, diedAt: number,
): DeadLetter | undefined {
  const { vhost, settings } = queue;
  const exchange = vhost.exchanges.get(settings.deadLetterExchange!);
  if (exchange === undefined) return undefined;
  const { clock } = vhost;
  const message = vhost.readMessage(address);
  const { headers = {}, expiration } = message.properties;
  const deaths = message.deathsBefore(vhost.compatibility.sentDeathsCount);
  const added = addDeath(deaths, {
    reason,
    queue: queue.name,
    exchange: message.exchange,
    routingKeys: message.routingKeys,
    time: new Date(Math.floor((clock.wall() - (clock.now() - diedAt)) / 1000) * 1000),
    originalExpiration: expiration,
  });
  const { deadLetterRoutingKey } = settings;
  const keys = deadLetterRoutingKey === undefined
    ? [...message.routingKeys, ...message.hiddenKeys]
    : [deadLetterRoutingKey];
  const to = { exchange: exchange.name, routingKey: deadLetterRoutingKey ?? message.routingKey };
  const bytes = rewrite(message.bytes, {
    ...to,
    expiration: undefined,
    // A key of its own sends the message nowhere else. QUE-20.
    dropHeaders: deadLetterRoutingKey === undefined ? [] : ['CC', 'BCC'],
    setHeaders: added,
  });
  const { destinations } = vhost.route(
    exchange,
    { properties: { ...message.properties, headers: { ...headers, ...added } } },
    keys,
  );
  const all = added['x-death'] as FieldTable[];
  const cycle = cycleQueues(all);
  const others = destinations.filter((target) => !('name' in target && cycle.has(target.name)));
  vhost.turn.spend(work.deadLetter + work.pastDeath * (all.length - 1));
  const copies = copiesAfter(message.marks, reason, others.length);
  const isLast = copies > COPIES_MAX || all.length > limits.deadLetterHopsMax;
  if (isLast) vhost.deadLetterLimit.reached(queue, reason);
  const marks = withCopies(message.marks, copies);
  return { address, reason, bytes, marks, to, targets: isLast ? [] : others, isLast };
}

/** A client that rejects sets the pace, and what it sends round is its own doing. */
function copiesAfter(marks: number, reason: DeadLetterReason, targetCount: number): number {
  const isPaced = reason === 'rejected' || reason === 'delivery_limit';
  const before = isPaced ? 0 : copiesOf(marks);
  return before + Math.round(2 * Math.log2(Math.max(1, targetCount)));
}

/** Offers a letter to each of these targets on its own; answers those that took it. */
export function offerLetter(
  queue: QueueFacts, letter: DeadLetter, targets: readonly Destination[],
): Destination[] {
  const { vhost } = queue;
  const { store, turn, events } = vhost;
  const { address, reason, bytes, marks, to } = letter;
  const becomes = vhost.storeFor(targets, bytes, marks | MARK_DEAD_LETTERED);
  if (events.trace.active) {
    events.trace.deadLettered(queue, address, reason, to, becomes);
    vhost.traceRouted(targets, becomes);
  }
  const taken = targets.filter((target) => {
    let refused = false;
    store.retain(becomes);
    turn.publish([target], becomes, Infinity, { reject: () => void (refused = true) }, 0);
    turn.flushRun();
    return !refused && !target.gone;
  });
  if (events.routedObserved && taken.length > 0) vhost.emitRouted(taken, becomes);
  store.release(becomes);
  return taken;
}

/** Counts a letter that went on, and tells whoever listens. */
export function tellOfLetter(queue: QueueFacts, reason: DeadLetterReason): void {
  const { vhost, name, settings: { type, deadLetterStrategy } } = queue;
  vhost.counters.deadLettered++;
  vhost.totals.queues[type].deaths[deadLetterStrategy][reason]++;
  vhost.events.emit({ type: 'message.dead-lettered', vhost: vhost.name, queue: name, reason });
}
