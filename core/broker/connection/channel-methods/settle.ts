import { AmqpError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Delivery, Outcome } from '../../delivery/delivery.ts';
import type { ChannelMethods, ServerChannel } from '../server-channel.ts';
import { settleStepper } from '../settlement.ts';

/** Methods of the class basic that settle deliveries. */
export const settleMethods: ChannelMethods<
  'basic.ack' | 'basic.nack' | 'basic.reject' | 'basic.recover' | 'basic.recover-async'
> = {
  'basic.ack': (channel, { deliveryTag, multiple }) =>
    settle(channel, channel.unacked.take(deliveryTag, multiple), 'ack'),

  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    settle(channel, channel.unacked.take(deliveryTag, multiple), requeue ? 'requeue' : 'reject'),

  'basic.reject': (channel, { deliveryTag, requeue }) =>
    settle(channel, channel.unacked.take(deliveryTag, false), requeue ? 'requeue' : 'reject'),

  'basic.recover': (channel, { requeue }) => {
    recover(channel, requeue, () => channel.send('basic.recover-ok', {}));
  },

  'basic.recover-async': (channel, { requeue }) => recover(channel, requeue, () => {}),
};

/** In a transaction settlements wait for its commit. TX-03. */
function settle(
  channel: ServerChannel, deliveries: readonly Delivery[], outcome: Outcome,
): void {
  if (outcome !== 'ack') checkOutcome(channel, deliveries, outcome);
  const { transaction } = channel.publisher;
  if (transaction !== undefined) transaction.addSettlement({ deliveries, outcome });
  else settleInTurns(channel, deliveries, outcome, () => {});
}

/** QUE-32; what is refused stays as it was. */
function checkOutcome(
  channel: ServerChannel, deliveries: readonly Delivery[], outcome: Outcome,
): void {
  try {
    for (const { queue } of deliveries) queue.checkOutcome(outcome);
  } catch (error) {
    channel.unacked.restore(deliveries);
    throw error;
  }
}

/** Settles few at once, and many over turns, in which the client is not read; then calls `then`. */
function settleInTurns(
  channel: ServerChannel, deliveries: readonly Delivery[], outcome: Outcome, then: () => void,
): void {
  if (deliveries.length <= limits.settledAtOnceMax) {
    settleNow(channel, deliveries, outcome);
    then();
    return;
  }
  const { turn } = channel.vhost;
  if (outcome === 'ack') countAcks(channel, deliveries);
  channel.afterWork((done) => turn.stepwise(settleStepper(turn, deliveries, outcome), done), then);
}

/** Settles all of them in this turn: a transaction is not cut. */
export function settleNow(
  channel: ServerChannel, deliveries: readonly Delivery[], outcome: Outcome,
): void {
  channel.vhost.turn.spend(deliveries.length);
  if (outcome === 'ack') countAcks(channel, deliveries);
  for (const delivery of deliveries) delivery.queue.settle(delivery, outcome);
}

/** Counts them, run by run of one queue. */
function countAcks({ tallies }: ServerChannel, deliveries: readonly Delivery[]): void {
  let from = 0;
  for (let to = 1; to <= deliveries.length; to++) {
    const { queue } = deliveries[from]!;
    if (deliveries[to]?.queue === queue) continue;
    queue.pastCounters.acknowledged += to - from;
    tallies.of(queue).acknowledged += to - from;
    from = to;
  }
}

/** Gives back all that the channel has out; without requeue: 540. BAS-23. */
function recover(channel: ServerChannel, requeue: boolean, then: () => void): void {
  if (!requeue) throw new AmqpError('NOT_IMPLEMENTED', 'requeue=false');
  settleInTurns(channel, channel.unacked.takeAll(), 'return', then);
}
