import { Subscription } from 'rxjs';
import { AmqpError } from '../../errors.ts';
import type { Content } from '../../protocol/content.ts';
import { replyCodes } from '../../protocol/spec.ts';
import type { From, MethodArgs } from '../../protocol/types.ts';
import type { Method, Session } from '../../session/session.ts';
import { Guard } from '../access/guard.ts';
import { confirmMethods } from './channel-methods/confirm.ts';
import { consumeMethods } from './channel-methods/consume.ts';
import { exchangeMethods } from './channel-methods/exchange.ts';
import { flowMethods } from './channel-methods/flow.ts';
import { queueMethods } from './channel-methods/queue.ts';
import { settleMethods } from './channel-methods/settle.ts';
import { transactionMethods } from './channel-methods/transaction.ts';
import { writeReturn } from '../message/content-frames.ts';
import type { Consumer } from '../delivery/consumer.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { DeliveryTallies } from '../delivery/delivery-tallies.ts';
import { DeliveryTimeout } from './delivery-timeout.ts';
import { NOBODY } from '../events/events.ts';
import { Gate } from '../delivery/gate.ts';
import type { Address } from '../message/address.ts';
import type { ReplyTarget } from './reply-target.ts';
import type { ServerConnection } from './server-connection.ts';
import { settleStepper } from './settlement.ts';
import { Publisher, type ConfirmHolder, type PublisherSink } from '../publish/publisher.ts';
import type { Flushed } from '../turn/turn.ts';
import { work } from '../turn/work.ts';
import { Unacked } from '../delivery/unacked.ts';
import type { VirtualHost } from '../virtual-host.ts';

/** What a client may send on an open channel and is not handled by the session. */
export type ChannelMethodName = Exclude<
  From<'client'>, `connection.${string}` | `channel.${'open' | 'close'}${string}` | 'basic.publish'
>;

/** One handler for each of them: a missing one is a compile error. */
export type ChannelMethods<N extends ChannelMethodName = ChannelMethodName> = {
  readonly [K in N]: (channel: ServerChannel, args: MethodArgs<K>) => void;
};

const handlers: ChannelMethods = {
  ...flowMethods, ...exchangeMethods, ...queueMethods, ...consumeMethods, ...settleMethods,
  ...confirmMethods, ...transactionMethods,
};

/** A channel on the broker's side: consumers, unacknowledged deliveries and a publisher. */
export class ServerChannel implements PublisherSink, Flushed {
  readonly number: number;
  /** As events name it: `connection-1/3`. */
  readonly owner: string;
  readonly connection: ServerConnection;
  readonly session: Session<'server'>;
  readonly vhost: VirtualHost;
  readonly unacked: Unacked;
  /** What went out to it so far. */
  readonly tallies: DeliveryTallies;
  readonly publisher: Publisher;
  /** What the user may do. */
  readonly guard: Guard;
  /** Consumers by tag; unsubscribing one is basic.cancel. */
  readonly consumers = new Map<string, Subscription>();
  /** Everything that lives as long as the channel. */
  readonly subscription = new Subscription();
  /** Name that an empty queue name stands for. QUE-03. */
  lastQueue = '';
  /** The name that the broker made for a queue, while it is asked whether it may be declared. */
  nextQueueName: string | undefined;
  replyTarget: ReplyTarget | undefined;
  /** basic.qos for each consumer to come; 0: no limit. BAS-25. */
  consumerPrefetch = 0;
  /** What lets deliveries out, or does not. */
  readonly gate = new Gate<Consumer>();
  readonly #timeout: DeliveryTimeout;
  #lastDeliveryTag = 0;
  /** What is to be answered when the turn is written, and how much of it waits for the disk. */
  readonly #onCommitted: { run: () => void; refuse: () => void }[] = [];
  #waitingCount = 0;
  #flushing = false;
  /** What the disk lets go out at the end of the turn. */
  #due: (() => void)[] = [];

  constructor(connection: ServerConnection, vhost: VirtualHost, number: number) {
    this.connection = connection;
    this.session = connection.session;
    this.vhost = vhost;
    this.unacked = new Unacked(vhost.memory.countPlaces);
    this.tallies = new DeliveryTallies(vhost.memory);
    this.number = number;
    this.owner = `${connection.info.id}/${number}`;
    const { identity, broker } = connection;
    const context = {
      user: identity.user,
      impersonator: identity.tags.includes('impersonator'),
      replyAddress: undefined,
    };
    this.guard = new Guard(identity, vhost.name);
    const { immediate } = vhost.compatibility;
    this.publisher = new Publisher(vhost, context, this, immediate, this.guard);
    this.gate.setWritable(connection.writable);
    connection.broker.totals.churn.channelsOpened++;
    this.#timeout = new DeliveryTimeout(this, broker.options.consumerTimeoutMs);
  }

  handle({ name, args }: Method): void {
    const { turn } = this.vhost;
    // Consumers have what was published before anything else is asked of their queues: a cancel
    // does not hand it to the next one, and a get does not find it. Settling asks for nothing.
    if (name in settleMethods) {
      turn.flushRun();
    } else {
      turn.settleQueues();
      turn.spend(work.method);
    }
    const handler = handlers[name as ChannelMethodName] as
      ((channel: ServerChannel, args: MethodArgs<ChannelMethodName>) => void) | undefined;
    if (handler === undefined) {
      throw new AmqpError('COMMAND_INVALID', `unimplemented method '${name}'`);
    }
    const { events } = this.vhost;
    events.actor = this.user;
    try {
      handler(this, args as MethodArgs<ChannelMethodName>);
    } finally {
      events.actor = NOBODY;
    }
  }

  publish(content: Content): void {
    this.publisher.publishContent(content);
  }

  /** Sends a method on this channel. */
  send<N extends From<'server'>>(name: N, args: MethodArgs<N>): void {
    this.session.send(this.number, name, args);
    this.connection.flushLater();
  }

  /** Answers a method that may have changed what is durable: once that is on disk. */
  answer<N extends From<'server'>>(name: N, args: MethodArgs<N>): void {
    this.connection.holdAnswers();
    this.send(name, args);
  }

  /**
   * Does a work that may take several turns, and then, if the channel is still there, what comes
   * after it. The client is read no further meanwhile.
   */
  afterWork(start: (done: () => void) => void, then: () => void): void {
    this.connection.awaitWork((done) => start(() => {
      if (!this.subscription.closed) then();
      done();
    }));
  }

  /** Fails the channel outside of a method. */
  fail(error: AmqpError): void {
    this.session.closeChannel(this.number, error);
    this.connection.flushLater();
  }

  get connectionName(): string {
    return this.connection.info.name;
  }

  /** Who works on it. */
  get user(): string {
    return this.publisher.context.user;
  }

  nextDeliveryTag(): number {
    return ++this.#lastDeliveryTag;
  }

  /** A delivery is out and unacknowledged. */
  hold(delivery: Delivery): void {
    this.unacked.add(delivery);
    this.#timeout.watch(delivery);
  }

  // PublisherSink: what a publisher gets back.

  ack(deliveryTag: number, multiple: boolean): void {
    this.#traceConfirm('ack', deliveryTag, multiple);
    this.send('basic.ack', { deliveryTag, multiple });
  }

  nack(deliveryTag: number, multiple: boolean): void {
    this.#traceConfirm('nack', deliveryTag, multiple);
    this.send('basic.nack', { deliveryTag, multiple, requeue: false });
  }

  #traceConfirm(kind: 'ack' | 'nack', deliveryTag: number, multiple: boolean): void {
    const { trace } = this.vhost.events;
    if (trace.active) trace.confirmed(this.owner, kind, deliveryTag, multiple);
  }

  returnMessage(address: Address, replyName: 'NO_ROUTE' | 'NO_CONSUMERS'): void {
    const { store } = this.vhost;
    const { writer, frameBytesMax } = this.session;
    store.locate(address);
    writeReturn(
      writer, this.number, replyCodes[replyName].code, replyName, store, frameBytesMax,
    );
    this.connection.flushLater();
  }

  flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.vhost.turn.flushChannel(this);
  }

  /** Called by the turn: confirms go out. */
  flush(): void {
    this.#flushing = false;
    if (!this.session.isOpen(this.number)) return;
    for (const send of this.#due.splice(0)) send();
    const { broker } = this.connection;
    const holds = broker.holdConfirms !== undefined || broker.persistence !== undefined;
    this.publisher.flush(holds ? this.#holder : undefined);
    if (this.#onCommitted.length === 0) return;
    for (const { run, refuse } of this.#onCommitted.splice(0)) {
      this.#afterDurable(true, run, refuse);
    }
  }

  /** Confirms go out when the disk and whoever tries publishers let them. */
  readonly #holder: ConfirmHolder = (persistent, send, refuse) => {
    const { broker, info } = this.connection;
    const { holdConfirms } = broker;
    const release = holdConfirms === undefined
      ? send
      : () => holdConfirms(info, () => this.#sendHeld(send));
    this.#afterDurable(persistent, release, refuse);
  };

  /** Once the turn is durable: `run`, or `refuse` if it will never be; in memory it is at once. */
  onceCommitted(run: () => void, refuse: () => void): void {
    if (this.connection.broker.persistence === undefined) {
      run();
      return;
    }
    this.#onCommitted.push({ run, refuse });
    this.flushLater();
  }

  /** Nothing overtakes what waits for the disk: confirms stay in order. */
  #afterDurable(waits: boolean, run: () => void, refuse: () => void): void {
    const { persistence } = this.connection.broker;
    if (persistence === undefined || (!waits && this.#waitingCount === 0)) {
      run();
      return;
    }
    this.#waitingCount++;
    const settle = (act: () => void) => (): void => {
      this.#waitingCount--;
      this.#sendDue(act);
    };
    persistence.whenDurable(settle(run), settle(refuse));
  }

  /** Of the confirms that one sync of the disk let go, the last one is for all. CNF-02. */
  #sendDue(send: () => void): void {
    // The channel may have ended meanwhile, and another one have its number.
    if (this.subscription.closed) return;
    if (this.publisher.confirms !== undefined) this.#due = [];
    this.#due.push(send);
    this.flushLater();
  }

  #sendHeld(send: () => void): void {
    // The channel may have ended meanwhile, and another one have its number.
    if (!this.subscription.closed) this.vhost.turn.within(send);
  }

  /** The queue of a consumer is gone. */
  consumerEnded(consumerTag: string): void {
    this.consumers.delete(consumerTag);
    if (this.subscription.closed) return;
    if (!this.connection.capable('consumer_cancel_notify')) return;
    this.send('basic.cancel', { consumerTag, noWait: true });
  }

  /** How much ends with it: consumers, and what they hold. */
  get partCount(): number {
    return this.consumers.size + this.unacked.count;
  }

  /**
   * The channel ended: consumers go, then what they held goes back to its queues. CHN-03. One of
   * these at each call; whether there was one.
   */
  endStepper(): () => boolean {
    const { turn } = this.vhost;
    turn.flushRun();
    // What was taken need not be published again, though a later method fails the channel. CNF-02.
    this.flush();
    this.#timeout.stop();
    // Its consumers get nothing more, though they go one after the other.
    this.gate.setWritable(false);
    this.subscription.unsubscribe();
    const consumers = this.consumers.values();
    let settleNext: (() => boolean) | undefined;
    return () => {
      const { value: consumer } = consumers.next();
      if (consumer !== undefined) {
        turn.spend(work.removal);
        consumer.unsubscribe();
        return true;
      }
      settleNext ??= settleStepper(turn, this.#takeUnacked(), 'return');
      if (settleNext()) return true;
      this.#ended();
      return false;
    };
  }

  #ended(): void {
    this.tallies.clear();
    this.publisher.end();
    this.connection.broker.totals.churn.channelsClosed++;
  }

  /** All that it holds, also what a transaction was to settle. */
  #takeUnacked(): readonly Delivery[] {
    const { transaction } = this.publisher;
    this.consumers.clear();
    if (transaction !== undefined) {
      this.unacked.restore(transaction.unsettled);
      transaction.drop(this.vhost.store);
    }
    return this.unacked.takeAll();
  }
}
