import { Subscription, type Observable } from 'rxjs';
import { AmqpError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Cancel, Clock, Random } from '../ports.ts';
import type { FieldTable } from '../protocol/types.ts';
import type { BrokerParts } from './broker-parts.ts';
import { Counters } from './counters.ts';
import { Dependents } from './dependents.ts';
import { DefinitionLog, isDurable } from './durable/definition-log.ts';
import type { Persistence } from './durable/persistence.ts';
import { checkTransient } from './definition/compatibility.ts';
import { assertSameField } from './definition/equivalence.ts';
import type { Events } from './events/events.ts';
import {
  assertSameExchange, createExchange, type ExchangeDeclaration,
} from './exchange/declaration.ts';
import { explainRoute } from './exchange/explain-route.ts';
import { isPredeclared, predeclared } from './exchange/predeclared.ts';
import { checkExchangeType } from './exchange/types.ts';
import { DefaultMatcher } from './exchange/default.ts';
import {
  Exchange, factsOf, type BindingDestination, type BoundBinding,
} from './exchange/exchange.ts';
import { NO_PROPERTIES, type Binding, type Routable } from './exchange/matcher.ts';
import {
  inProcessPublisher, InProcessReturns, publishInProcess, type ReturnedMessage,
} from './publish/in-process-publish.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { MessageBytes } from './message/bytes.ts';
import type { OutgoingMessage } from './message/outgoing-message.ts';
import { keepingMarks } from './message/publish-options.ts';
import type { Address } from './message/address.ts';
import {
  MARK_DEAD_LETTERED, MARK_PERSISTENT, MARK_TRANSIENT, type MessageStore,
} from './message/store.ts';
import { checkLength, checkNames, checkReserved, generatedName } from './names.ts';
import type { Publisher } from './publish/publisher.ts';
import { assertSameQueueArguments, parseQueueArguments } from './queue/arguments.ts';
import { queueDeclarationNames, type QueueDeclaration } from './queue/declaration.ts';
import type { Queue } from './queue/abstract-queue.ts';
import { ClassicQueue } from './queue/classic-queue.ts';
import { cycleBy } from './queue/dead-letter-cycle.ts';
import { DeadLetterLimit } from './queue/dead-letter-limit.ts';
import { StreamQueue } from './queue/stream-queue.ts';
import { Firehose } from './told/firehose.ts';
import { isToldOnDemand } from './told/told-message.ts';
import { HostTotals } from './totals.ts';
import { VirtualHostSettings } from './virtual-host-settings.ts';
import { takeApart } from './take-apart.ts';
import { lockedQueue } from './queue/locked-queue.ts';
import { resourceText } from './reply-text.ts';
import { RouteCache } from './exchange/route-cache.ts';
import { route, type Route } from './exchange/router.ts';
import type { Destination } from './turn/run.ts';
import { StoredMessage } from './message/stored-message.ts';
import type { RefusalSink, Turn } from './turn/turn.ts';

/** A name space of exchanges and queues, and the routes between them. */
export class VirtualHost extends VirtualHostSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: MessageStore;
  readonly turn: Turn;
  readonly events: Events;
  readonly persistence: Persistence | undefined;
  readonly memory: MemoryAccount;
  readonly counters = new Counters();
  /** What it counts in what is gone from it. */
  readonly totals: HostTotals;
  readonly deadLetterLimit = new DeadLetterLimit(this);
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, Queue>();
  /** Consumers that wait for direct replies, by their address. BAS-06. */
  readonly replyTargets = new Map<string, Destination>();
  readonly subscription = new Subscription();
  readonly #dependents = new Dependents(this.subscription);
  /** Messages published in process as mandatory or immediate that found no place. */
  readonly returned$: Observable<ReturnedMessage>;
  /** Publishes what is published in process. */
  readonly #publisher: Publisher;
  readonly #routes = new RouteCache();
  readonly #log: DefinitionLog | undefined;
  readonly #node: string;

  constructor(name: string, parts: BrokerParts) {
    super(name, parts.settings, parts.compatibilityOf);
    this.clock = parts.clock;
    this.random = parts.random;
    this.store = parts.store;
    this.turn = parts.turn;
    this.events = parts.events;
    this.persistence = parts.persistence;
    if (parts.persistence !== undefined) this.#log = new DefinitionLog(name, parts.persistence);
    this.memory = parts.memory;
    this.#node = parts.node;
    this.totals = new HostTotals(parts.totals.churn);
    const returns = new InProcessReturns(this);
    this.returned$ = returns.returned$;
    this.#publisher = inProcessPublisher(this, returns);
    this.#addExchange(this.#defaultExchange());
    for (const [exchange, type, internal] of predeclared) {
      this.#addExchange(createExchange(this, {
        exchange, type, durable: true, autoDelete: false, internal, arguments: {},
      }));
    }
  }

  /** Policies changed: queues and exchanges do as they say from now on. */
  applyPolicies(): void {
    this.turn.within(() => {
      const done = (): void => this.#routes.clear();
      const { queues, exchanges } = this;
      this.appliedPolicies.applyTo(queues.values(), exchanges.values(), this.turn, done);
    });
  }

  /** Whether nothing is in it but the exchanges that every virtual host has. */
  get isBare(): boolean {
    const exchanges = [...this.exchanges.values()];
    return this.queues.size === 0 &&
      exchanges.every(({ name, bindingCount }) => isPredeclared(name) && bindingCount === 0);
  }

  /** Declares an exchange, or checks that the one there is equal. EXC-01, EXC-04. */
  declareExchange(given: ExchangeDeclaration): Exchange {
    const declaration = { ...EXCHANGE_DEFAULTS, ...given };
    const name = declaration.exchange;
    checkExchangeType(declaration.type);
    const current = this.exchanges.get(name);
    if (current !== undefined) {
      assertSameExchange(current, declaration);
      this.#checkChange(declaration.durable, current);
      return current;
    }
    checkLength('the name of the exchange', name);
    checkReserved('exchange', name);
    if (this.exchanges.size >= limits.exchangesMax) {
      throw this.#limitReached('exchange', limits.exchangesMax);
    }
    this.memory.checkDefinition(resourceText('exchange', name, this.name));
    this.#checkChange(declaration.durable);
    return this.addExchange(declaration);
  }

  /** Makes an exchange, whatever its name. */
  addExchange(declaration: Required<ExchangeDeclaration>): Exchange {
    const exchange = createExchange(this, declaration);
    this.#addExchange(exchange);
    return exchange;
  }

  /** The exchange, if there is one; those that the broker tells by come when they are asked for. */
  findExchange(name: string): Exchange | undefined {
    const exchange = this.exchanges.get(name);
    if (exchange !== undefined || !isToldOnDemand(this.name, name)) return exchange;
    return this.addExchange({
      exchange: name, type: 'topic', durable: true, autoDelete: false, internal: true,
      arguments: {},
    });
  }

  protected override makeFirehose(): Firehose {
    return new Firehose(this, this.#node);
  }

  /** The exchange, or 404. */
  exchange(name: string): Exchange {
    const exchange = this.findExchange(name);
    if (exchange !== undefined) return exchange;
    const text = resourceText('exchange', name, this.name);
    throw new AmqpError('NOT_FOUND', `no ${text}`);
  }

  /** Deletes it with its bindings, and then calls `done`. Errors: 541 where the disk failed. */
  removeExchange(exchange: Exchange, done: () => void = () => {}): void {
    this.#checkChange(exchange.options.durable);
    takeApart(exchange, this.turn, done);
  }

  /** Declares a queue for the connection `owner`, or checks that the one there is equal. QUE-05. */
  declareQueue(declaration: QueueDeclaration, owner?: object): Queue {
    const { queue } = declaration;
    if (owner === undefined) checkNames('declareQueue', declaration, queueDeclarationNames);
    if (!this.queues.has(queue)) checkReserved('queue', queue);
    return this.ensureQueue(declaration, owner);
  }

  /** The same also under a name that only a broker gives, as definitions of one have it. DEF-04. */
  ensureQueue(declaration: QueueDeclaration, owner?: object): Queue {
    const { queue: given, exclusive = false, autoDelete = false } = declaration;
    const table = this.typed(declaration);
    this.totals.churn.queuesDeclared++;
    // An exclusive queue ends with its connection, so it is never durable. QUE-06.
    const durable = declaration.durable === true && !exclusive;
    const exclusiveOwner = exclusive ? owner ?? this : undefined;
    const current = this.queues.get(given);
    if (current !== undefined && given !== '') {
      if (current.options.owner !== exclusiveOwner) throw lockedQueue(current);
      assertSameField('durable', durable, current.options.durable, current.text);
      assertSameField('auto_delete', autoDelete, current.options.autoDelete, current.text);
      const { settings, options, text } = current;
      assertSameQueueArguments(settings.type, table, options.arguments, text);
      this.#checkChange(durable, current);
      current.used();
      return current;
    }
    checkLength('the name of the queue', given);
    if (!durable && !exclusive) checkTransient(this.compatibility);
    checkLength('the dead-letter routing key', String(table['x-dead-letter-routing-key'] ?? ''));
    if (this.queues.size >= limits.queuesMax) throw this.#limitReached('queue', limits.queuesMax);
    this.checkQueueLimit(given);
    this.memory.checkDefinition(resourceText('queue', given, this.name));
    this.#checkChange(durable);
    return this.addQueue(given, { ...declaration, arguments: table }, exclusiveOwner);
  }

  /** A name that the server makes for a queue. QUE-01. */
  newQueueName(): string {
    return generatedName('amq.gen-', this.random);
  }

  /** Errors: 406 where the virtual host has as many queues as it may. */
  checkQueueLimit(name: string): void {
    const max = this.limits.of('max-queues');
    if (this.queues.size < max) return;
    throw new AmqpError('PRECONDITION_FAILED', `cannot declare queue '${name}': queue limit in ` +
      `vhost '${this.name}' (${max}) is reached`);
  }

  /** Makes a queue, whatever its name. */
  addQueue(given: string, declaration: QueueDeclaration, owner: object | undefined): Queue {
    const { durable = false, exclusive = false, autoDelete = false } = declaration;
    const { arguments: table = {} } = declaration;
    const declared = parseQueueArguments(
      { name: given, vhost: this.name, durable, exclusive, autoDelete }, table,
      this.compatibility.deliveryLimit,
    );
    const name = given === '' ? declaration.serverName ?? this.newQueueName() : given;
    const { settings, effective } = this.appliedPolicies.settingsFor(name, table, declared);
    const QueueClass = settings.type === 'stream' ? StreamQueue : ClassicQueue;
    const queue = new QueueClass(this, name, {
      durable: durable && !exclusive, autoDelete, owner, arguments: table, settings,
    });
    queue.effective = effective;
    return this.#addQueue(queue);
  }

  /** The queue, or 404. */
  queue(name: string): Queue {
    const queue = this.queues.get(name);
    if (queue !== undefined) return queue;
    throw new AmqpError('NOT_FOUND', `no ${resourceText('queue', name, this.name)}`);
  }

  /** Deletes it with all in it, and then calls `done`. Errors: 541 where the disk failed. */
  removeQueue(queue: Queue, done: () => void = () => {}): void {
    this.#checkChange(queue.options.durable);
    // What goes over several turns delivers nothing to the consumers that are left meanwhile.
    queue.holdBack(1);
    takeApart(queue, this.turn, done);
  }

  /** Binds a queue or an exchange to a source exchange. QUE-08, EXC-10. */
  bind(
    source: Exchange, destination: BindingDestination, routingKey: string, table: FieldTable,
  ): void {
    if (source.bindingCount >= limits.bindingsMax) {
      throw this.#limitReached('binding', limits.bindingsMax);
    }
    checkLength('the routing key', routingKey);
    const there = source.find({ destination, routingKey, arguments: table });
    if (there === undefined) this.memory.checkDefinition(`a binding of ${destination.text}`);
    this.#checkChange(isDurable({ source, destination }), there);
    this.addBinding(source, { destination, routingKey, arguments: table });
  }

  /** Makes a binding, whatever there is already. */
  addBinding(source: Exchange, binding: Binding<BindingDestination>): void {
    const bound = source.bind(binding);
    if (bound === undefined) return;
    const { routingKey, arguments: table } = bound;
    bound.subscription.add(this.memory.define('binding', routingKey, table));
    this.#routes.clear();
    this.#log?.bindingAdded(bound);
    const { kind, name } = bound.destination;
    const queue = kind === 'queue' ? this.queues.get(name) : undefined;
    const cycle = queue === undefined ? {} : cycleBy(queue, routingKey);
    this.events.emit({ type: 'binding.added', ...factsOf(bound), ...cycle });
  }

  /** Removes a binding; one that is not there is no error. QUE-09, TOP-7. */
  unbind(source: Exchange, binding: Binding<BindingDestination>): void {
    const bound = source.find(binding);
    if (bound === undefined) return;
    this.#checkChange(isDurable(bound));
    bound.subscription.unsubscribe();
  }

  /** A binding went: routes change, and its source goes with the last one if so declared. */
  bindingRemoved(bound: BoundBinding): void {
    this.#routes.clear();
    this.#log?.bindingRemoved(bound);
    this.events.emit({ type: 'binding.removed', ...factsOf(bound) });
    const { source } = bound;
    // An auto-delete exchange goes with its last binding. EXC-07.
    if (source.options.autoDelete && source.bindingCount === 0) source.subscription.unsubscribe();
  }

  /** The route of a basic.publish by the octets of its names; 403, 404 where there is none. */
  routeOf(
    message: MessageBytes, decode: (message: MessageBytes) => readonly [string, string],
  ): Route {
    const { block, namesStart, namesEnd } = message;
    const known = this.#routes.find(block, namesStart, namesEnd);
    if (known !== undefined) return known;
    const [exchangeName, routingKey] = decode(message);
    const exchange = this.exchange(exchangeName);
    if (exchange.options.internal) {
      throw new AmqpError('ACCESS_REFUSED', `cannot publish to internal ${exchange.text}`);
    }
    const found = this.route(exchange, NO_PROPERTIES, [routingKey]);
    if (found.keyOnly) this.#routes.add(block, namesStart, namesEnd, found);
    return found;
  }

  /** Where a message goes that was published to this exchange with these keys. */
  route(exchange: Exchange, message: Routable, keys: readonly string[]): Route {
    const found = route(exchange, message, keys);
    const target = exchange.name === '' ? this.replyTargets.get(keys[0] ?? '') : undefined;
    if (target === undefined) return found;
    // Addresses for replies come and go with each requester: not worth a place in the cache.
    return {
      ...found, destinations: [target], routed: true, queueCount: 0, keepsAll: false,
      keepsEach: false, keyOnly: false,
    };
  }

  /** Routes a message anew and enqueues it, as a publish of its exchange to its keys would. */
  publishBytes(exchange: Exchange, bytes: MessageBytes, marks: number): void {
    const message = new StoredMessage(bytes, marks);
    const keys = [...message.routingKeys, ...message.hiddenKeys];
    const { timeToLive } = message;
    const { destinations } = this.route(exchange, message, keys);
    const address = this.storeFor(destinations, bytes, marks);
    this.dispatch(destinations, address, timeToLive, undefined, 0);
  }

  /** Enqueues a dead-lettered message, which keeps its marks. */
  enqueueDead(
    destinations: readonly Destination[], bytes: MessageBytes, marks: number,
    onStored: (address: Address) => void,
  ): void {
    const address = this.storeFor(destinations, bytes, marks | MARK_DEAD_LETTERED);
    onStored(address);
    this.dispatch(destinations, address, Infinity, undefined, 0);
  }

  /** Changes whenever messages may go elsewhere than before. */
  get routesVersion(): number {
    return this.#routes.version;
  }

  /** Puts a message that the broker made of another one where these destinations find it. */
  storeFor(
    destinations: readonly Destination[], bytes: MessageBytes, marks: number,
  ): Address {
    const others = marks & ~(MARK_PERSISTENT | MARK_TRANSIENT);
    if (this.persistence === undefined) return this.store.append(bytes, others);
    const keepsEach = destinations.some((destination) => destination.keepsEach);
    return this.store.append(bytes, others | keepingMarks(bytes, keepsEach));
  }

  /** Publishes in process; whether the message had a place to go to. Errors as basic.publish. */
  publishTo(exchange: Exchange, message: OutgoingMessage): boolean {
    return publishInProcess(this, this.#publisher, exchange.name, message);
  }

  /** Sends a message on to its destinations, as `Turn.publish` does, and tells whoever looks. */
  dispatch(
    destinations: readonly Destination[], address: Address, timeToLive: number,
    refusals: RefusalSink | undefined, sequence: number,
  ): void {
    if (this.events.routedObserved) this.emitRouted(destinations, address);
    if (this.events.trace.active) this.traceRouted(destinations, address);
    this.turn.publish(destinations, address, timeToLive, refusals, sequence);
  }

  /** Tells whoever traces where a message goes, and by which bindings. */
  traceRouted(destinations: readonly Destination[], address: Address): void {
    const matched = explainRoute(this.exchanges, this.readMessage(address), destinations);
    this.events.trace.routed(this, address, destinations, matched);
  }

  /**
   * Runs in a turn, once the bytes of a message are in memory: at once where they are. `lost` runs
   * in its place where they cannot be read.
   */
  whenReadable(address: Address, run: () => void, lost: () => void): void {
    const paging = this.persistence?.paging;
    if (paging === undefined) run();
    else paging.whenResident(address, () => this.turn.within(run), lost);
  }

  /** A message whose bytes are in memory; see `whenReadable`. */
  readMessage(address: Address): StoredMessage {
    this.store.locate(address);
    return new StoredMessage(this.store, this.store.marks);
  }

  /** The priority of a message, 0 where it has none. */
  priorityOf(address: Address): number {
    return this.readMessage(address).properties.priority ?? 0;
  }

  /** A timer whose work is a turn of its own. */
  setTimer(delayMs: number, run: () => void, what?: string): Cancel {
    return this.turn.setTimer(delayMs, run, what);
  }

  /**
   * Refuses a declaration or a deletion after the disk failed, before anything changes. A queue
   * that goes with its last consumer still goes: nobody is promised anything by that.
   */
  #checkChange(durable: boolean, there?: object): void {
    if (durable) this.persistence?.checkChange(there);
  }

  /** Tells whoever looks where a message goes. */
  emitRouted(destinations: readonly Destination[], address: Address): void {
    this.events.emitRouted(this.name, this.readMessage(address), destinations);
  }

  #defaultExchange(): Exchange {
    const find = (name: string): BindingDestination | undefined => this.queues.get(name);
    return new Exchange(this, '', {
      type: 'direct', durable: true, autoDelete: false, internal: false, arguments: {},
      alternateExchange: undefined,
    }, new DefaultMatcher(find));
  }

  #addExchange(exchange: Exchange): void {
    const { name } = exchange;
    this.exchanges.set(name, exchange);
    this.appliedPolicies.applyToExchange(exchange);
    this.#routes.clear();
    const { type: exchangeType } = exchange.options;
    this.events.emit({
      type: 'exchange.declared', vhost: this.name, exchange: name, exchangeType,
    });
    this.#log?.exchangeDeclared(exchange);
    this.#dependents.add(exchange.subscription);
    exchange.subscription.add(this.memory.define('exchange', name, exchange.options.arguments));
    exchange.subscription.add(() => {
      this.#log?.exchangeDeleted(exchange);
      this.exchanges.delete(name);
      this.#routes.clear();
      this.events.emit({ type: 'exchange.deleted', vhost: this.name, exchange: name });
    });
  }

  #addQueue(queue: Queue): Queue {
    const { name, settings: { type } } = queue;
    this.queues.set(name, queue);
    this.totals.churn.queuesCreated++;
    this.#routes.clear();
    this.events.emit({ type: 'queue.declared', vhost: this.name, queue: name, ...cycleBy(queue) });
    const { fallback: text } = queue.settings;
    if (text !== undefined) {
      this.events.emit({ type: 'queue.trouble', vhost: this.name, queue: name, text });
    }
    this.#log?.queueDeclared(queue);
    this.pausedQueues.restore(name);
    this.#dependents.add(queue.subscription);
    queue.subscription.add(this.memory.define('queue', name, queue.options.arguments));
    queue.subscription.add(() => {
      this.pausedQueues.forget(queue);
      this.#log?.queueDeleted(queue);
      this.totals.churn.queuesDeleted++;
      this.totals.queues[type].departed.add(queue.counters);
      this.queues.delete(name);
      this.#routes.clear();
      this.events.emit({ type: 'queue.deleted', vhost: this.name, queue: name });
    });
    return queue;
  }

  /** The refusal of one exchange or queue too many. EXC-11, QUE-12. */
  #limitReached(kind: string, max: number): AmqpError {
    return new AmqpError('PRECONDITION_FAILED',
      `${kind} limit of ${max} in vhost '${this.name}' is reached`);
  }
}

const EXCHANGE_DEFAULTS = { durable: false, autoDelete: false, internal: false, arguments: {} };
