import type { Properties } from '../protocol/types.ts';
import { Chance } from './chance.ts';
import { STREAM } from './model-stream.ts';
import { bindingsOf, DELAYED, LATE, type OperationKind, type Plan } from './plan.ts';
import type { Operation } from './script.ts';
import type { ClientChannel, SimClient, SimMessage } from './sim-client.ts';
import { breakTheRules } from './illegal.ts';

/** What an operation of a client has at hand. */
interface Hand {
  readonly plan: Plan;
  readonly operation: Operation;
  readonly chance: Chance;
  readonly client: SimClient;
  readonly channel: ClientChannel;
}

/** Does what the operation says as soon as the channel is open, as far as the client can then. */
export function operate(plan: Plan, operation: Operation, client: SimClient): void {
  const chance = new Chance(operation.seed);
  client.use(chance.between(1, plan.channels), (channel) => {
    actions[operation.kind]?.({ plan, operation, chance, client, channel });
  });
}

/** The manager asks one thing at a time, so that each is heard in a turn of its own. */
export function manage(plan: Plan, operation: Operation, client: SimClient): void {
  if (client.asking) return;
  client.asking = true;
  const chance = new Chance(operation.seed);
  client.use(1, (channel) => {
    actions[operation.kind]!({ plan, operation, chance, client, channel });
  });
}

const actions: Partial<Record<OperationKind, (hand: Hand) => void>> = {
  append(hand) {
    const { client, channel, chance, operation, plan } = hand;
    if (plan.stream === undefined) return;
    if (channel.mode === 'plain' && chance.happens(plan.confirming)) select(hand, 'confirm');
    client.publish(channel.number, drawMessages(plan, operation, chance).map((message) =>
      ({ ...message, exchange: '', routingKey: STREAM })));
  },

  read: (hand) => readStream(hand, 'log'),

  follow: (hand) => readStream(hand, 'held'),

  publish(hand) {
    const { client, channel, chance, operation, plan } = hand;
    if (channel.mode === 'plain' && chance.happens(plan.confirming)) select(hand, 'confirm');
    client.publish(channel.number, drawMessages(plan, operation, chance));
  },

  confirm: (hand) => select(hand, 'confirm'),

  transact: (hand) => select(hand, 'transaction'),

  commit({ client, channel }) {
    if (channel.mode !== 'transaction') return;
    channel.settling.length = 0;
    client.send(channel.number, 'tx.commit');
  },

  /** What was settled is not settled any more, and can be settled again. TX-03. */
  rollback({ client, channel }) {
    if (channel.mode !== 'transaction') return;
    channel.unsettled.push(...channel.settling.splice(0));
    channel.unsettled.sort((a, b) => a - b);
    client.send(channel.number, 'tx.rollback');
  },

  consume({ client, channel, chance, plan, operation }) {
    const noAck = chance.happens(plan.noAck);
    const consumerTag = `${noAck ? 'free' : 'held'}-${operation.number}`;
    channel.consumers.add(consumerTag);
    client.send(channel.number, 'basic.consume', {
      queue: drawQueue(plan, chance), consumerTag, noAck,
      arguments: plan.priorities ? { 'x-priority': chance.below(3) } : {},
    });
  },

  cancel({ client, channel, chance }) {
    const tags = [...channel.consumers];
    if (tags.length === 0) return;
    const consumerTag = chance.pick(tags);
    channel.consumers.delete(consumerTag);
    client.send(channel.number, 'basic.cancel', { consumerTag });
  },

  qos({ client, channel, chance, plan }) {
    client.send(channel.number, 'basic.qos', {
      prefetchCount: chance.between(0, plan.prefetchMax), global: chance.happens(0.2),
    });
  },

  get({ client, channel, chance, plan }) {
    if (channel.getting) return;
    channel.getting = true;
    client.send(channel.number, 'basic.get', { queue: drawQueue(plan, chance) });
  },

  ack: (hand) => settle(hand, (channel, deliveryTag, multiple) =>
    hand.client.send(channel, 'basic.ack', { deliveryTag, multiple })),

  nack: (hand) => settle(hand, (channel, deliveryTag, multiple) => {
    const requeue = hand.chance.happens(0.7);
    hand.client.send(channel, 'basic.nack', { deliveryTag, multiple, requeue });
  }),

  reject(hand) {
    const { client, channel, chance } = hand;
    const deliveryTag = takeOne(channel, chance);
    if (deliveryTag === undefined) return;
    const requeue = chance.happens(0.5);
    client.send(channel.number, 'basic.reject', { deliveryTag, requeue });
  },

  recover({ client, channel }) {
    if (channel.getting || channel.mode === 'transaction') return;
    channel.unsettled.length = 0;
    client.send(channel.number, 'basic.recover', { requeue: true });
    // Tags that are on their way are void, so nothing of this channel can be settled any more.
    client.closeChannel(channel.number);
  },

  flow({ client, channel, chance }) {
    client.send(channel.number, 'channel.flow', { active: chance.happens(0.7) });
  },

  closeChannel({ client, channel }) {
    client.closeChannel(channel.number);
  },

  closeConnection({ client }) {
    client.close();
  },

  /**
   * Queues that come and go beside those that are kept account of. Nobody asks for answers, which
   * would wait for the disk and hold back what the model wants to hear within a turn.
   */
  passing(hand) {
    const { client, channel, chance, plan, operation } = hand;
    const queue = `passing-${operation.number}`;
    client.send(channel.number, 'queue.declare', {
      queue, durable: chance.happens(0.5), autoDelete: chance.happens(0.5),
      exclusive: chance.happens(0.3), noWait: true,
      arguments: chance.happens(0.5) ? { 'x-expires': chance.between(1, 300) } : {},
    });
    client.send(channel.number, 'queue.bind', {
      queue, exchange: chance.pick(plan.exchanges).name, routingKey: chance.pick(KEYS),
      noWait: true,
    });
    const consumerTag = `held-passing-${operation.number}`;
    if (chance.happens(0.5)) {
      client.send(channel.number, 'basic.consume', { queue, consumerTag });
      channel.consumers.add(consumerTag);
    }
    if (chance.happens(0.3)) client.send(channel.number, 'queue.delete', { queue, noWait: true });
  },

  illegal({ client, channel, chance, plan }) {
    breakTheRules(client, channel, chance, plan);
  },

  inspect({ client, channel, chance, plan }) {
    client.send(channel.number, 'queue.declare', { queue: drawQueue(plan, chance), passive: true });
  },

  purge({ client, channel, chance, plan }) {
    client.send(channel.number, 'queue.purge', { queue: drawQueue(plan, chance) });
  },

  /** A binding goes, and is there anew at once, but for turns of others between. */
  rebind({ client, channel, chance, plan }) {
    const binding = chance.pick(bindingsOf(plan));
    client.send(channel.number, 'queue.unbind', binding);
    client.send(channel.number, 'queue.bind', { ...binding, noWait: true });
  },

  /** It goes with all that is in it, and is there anew at once, but for turns of others between. */
  replace({ client, channel, chance, plan }) {
    const queue = drawQueue(plan, chance);
    const { arguments: table = {} } = plan.queues.find(({ name }) => name === queue) ?? {};
    const asks = (share: number): boolean =>
      chance.happens(share) && table['x-queue-type'] !== 'quorum';
    client.send(channel.number, 'queue.delete', {
      queue, ifUnused: asks(0.3), ifEmpty: asks(0.3),
    });
    client.send(channel.number, 'queue.declare', {
      queue, durable: true, arguments: table, noWait: true,
    });
    for (const binding of bindingsOf(plan, queue)) {
      client.send(channel.number, 'queue.bind', { ...binding, noWait: true });
    }
  },
};

/** What is read by a `log` is acknowledged at once, and anything else as it happens. */
function readStream({ client, channel, chance, operation, plan }: Hand, kind: string): void {
  if (plan.stream === undefined) return;
  const prefetchCount = chance.between(1, plan.prefetchMax);
  client.send(channel.number, 'basic.qos', { prefetchCount });
  const offset = chance.pick(['first', 'next', chance.below(50)]);
  const consumerTag = `${kind}-${operation.number}`;
  if (kind === 'held') channel.consumers.add(consumerTag);
  client.readStream(channel.number, consumerTag, offset);
}

const KEYS = ['a', 'a.b', 'a.b.c', 'c', 'nowhere'];

function drawQueue({ queues }: Plan, chance: Chance): string {
  if (chance.happens(0.1)) return LATE;
  const { name, deadQueue } = chance.pick(queues);
  return deadQueue !== undefined && chance.happens(0.3) ? deadQueue : name;
}

/** The messages that an operation publishes. */
export function drawMessages(plan: Plan, { number }: Operation, chance: Chance): SimMessage[] {
  const count = chance.pick([1, 1, 3, 10]);
  return Array.from({ length: count }, (_, index) =>
    drawMessage(plan, chance, `m${number}.${index}`));
}

function drawMessage(plan: Plan, chance: Chance, messageId: string): SimMessage {
  const direct = chance.happens(0.6);
  const exchange = direct ? '' : chance.pick(plan.exchanges).name;
  const expires = exchange !== DELAYED && chance.happens(plan.expiring);
  const properties: Properties = {
    messageId,
    ...drawHeaders(exchange, chance),
    ...(chance.happens(plan.persistent) ? { deliveryMode: 2 } : {}),
    ...(expires ? { expiration: String(chance.pick([0, 5, 50, 500])) } : {}),
    ...(plan.priorities ? { priority: chance.below(6) } : {}),
  };
  const large = chance.happens(plan.large);
  const size = large ? chance.between(4000, 20_000) : chance.below(chance.pick([20, 200, 1500]));
  return {
    exchange,
    routingKey: direct ? chance.pick(plan.queues).name : chance.pick(KEYS),
    mandatory: chance.happens(0.2),
    properties,
    body: new TextEncoder().encode(messageId.repeat(size).slice(0, size)),
  };
}

/** What the exchange looks at. */
function drawHeaders(exchange: string, chance: Chance): Properties {
  switch (exchange) {
    case 'heads': return { headers: { a: chance.below(3), b: chance.pick(['x', 'y', 'z']) } };
    case DELAYED: return { headers: { 'x-delay': chance.pick([0, 1, 50, 500]) } };
    default: return {};
  }
}

/** Tells the broker how this channel publishes, once. */
function select({ client, channel }: Hand, mode: 'confirm' | 'transaction'): void {
  if (channel.mode !== 'plain') return;
  channel.mode = mode;
  client.send(channel.number, mode === 'confirm' ? 'confirm.select' : 'tx.select');
}

/** Settles one delivery, or all up to one. */
function settle(
  { channel, chance }: Hand,
  send: (channel: number, deliveryTag: number, multiple: boolean) => void,
): void {
  if (channel.getting || channel.unsettled.length === 0) return;
  if (chance.happens(0.5)) {
    send(channel.number, takeOne(channel, chance)!, false);
    return;
  }
  const index = chance.below(channel.unsettled.length);
  const tags = channel.unsettled.splice(0, index + 1);
  noteSettled(channel, tags);
  send(channel.number, tags.at(-1)!, true);
}

function takeOne(channel: ClientChannel, chance: Chance): number | undefined {
  if (channel.unsettled.length === 0) return undefined;
  const taken = channel.unsettled.splice(chance.below(channel.unsettled.length), 1);
  noteSettled(channel, taken);
  return taken[0];
}

function noteSettled({ mode, settling }: ClientChannel, tags: readonly number[]): void {
  if (mode === 'transaction') settling.push(...tags);
}
