import type { FieldTable } from '../../protocol/types.ts';
import { addDeath, isCycle } from '../message/deaths.ts';
import type { Address } from '../message/store.ts';
import { rewrite } from '../message/rewriting.ts';
import { work } from '../turn/work.ts';
import type { ClassicQueue } from './classic-queue.ts';

/** Why a message left a queue other than by an acknowledgement. QUE-19. */
export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/**
 * Sends a message that died in `queue` to its dead-letter exchange, or drops it where there is
 * none. The work waits in line in the turn, so that chains and cycles of dead-lettering never
 * recurse; `done` is called when the message is needed no more.
 */
export function deadLetter(
  queue: ClassicQueue, address: Address, reason: DeadLetterReason, done: () => void,
): void {
  const { vhost, settings } = queue;
  const { trace } = vhost.events;
  if (trace.active && reason === 'expired') trace.expired(queue, address);
  if (settings.deadLetterExchange === undefined) {
    if (trace.active) trace.dropped(queue, address, reason);
    done();
    return;
  }
  // It is looked for when it is due: between, it might leave the memory again.
  vhost.turn.afterwards(queue, () => vhost.whenReadable(address, () => {
    vhost.turn.spend(work.deadLetter);
    republish(queue, address, reason);
    done();
  }, () => vhost.store.release(address)));
}

function republish(queue: ClassicQueue, address: Address, reason: DeadLetterReason): void {
  const { vhost, settings } = queue;
  const exchange = vhost.exchanges.get(settings.deadLetterExchange!);
  const { trace } = vhost.events;
  if (exchange === undefined) {
    if (trace.active) trace.dropped(queue, address, reason);
    return;
  }
  const message = vhost.readMessage(address);
  const { headers = {}, expiration } = message.properties;
  const deaths = message.deathsBefore(vhost.compatibility.sentDeathsCount);
  const added = addDeath(deaths, {
    reason,
    queue: queue.name,
    exchange: message.exchange,
    routingKeys: message.routingKeys,
    time: new Date(Math.floor(vhost.clock.wall() / 1000) * 1000),
    originalExpiration: expiration,
  });
  const { deadLetterRoutingKey } = settings;
  const keys = deadLetterRoutingKey === undefined
    ? [...message.routingKeys, ...message.hiddenKeys]
    : [deadLetterRoutingKey];
  const rewritten = rewrite(message.bytes, {
    exchange: exchange.name,
    routingKey: deadLetterRoutingKey ?? message.routingKey,
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
  const alive = destinations.filter((target) => !isCycle(target, added['x-death'] as FieldTable[]));
  vhost.counters.deadLettered++;
  vhost.events.emit({
    type: 'message.dead-lettered', vhost: vhost.name, queue: queue.name, reason,
  });
  const to = { exchange: exchange.name, routingKey: deadLetterRoutingKey ?? message.routingKey };
  const tell = (becomes?: Address): void => {
    if (trace.active) trace.deadLettered(queue, address, reason, to, becomes);
  };
  if (alive.length > 0) vhost.enqueueDead(alive, rewritten, message.marks, tell);
  else tell();
}
