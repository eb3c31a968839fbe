import { Subscription, type Observer } from 'rxjs';
import type { Random } from '../../ports.ts';
import type { FieldTable } from '../../protocol/types.ts';
import { PublishCounters } from '../counters.ts';
import { Dependents } from '../dependents.ts';
import { argumentsKey } from '../definition/field-equality.ts';
import type { Address } from '../message/address.ts';
import type { Effective } from '../policy/effective.ts';
import { resourceText } from '../reply-text.ts';
import type { OutgoingMessage } from '../message/outgoing-message.ts';
import type { QueueType } from '../definition/argument-checks.ts';
import type { Destination } from '../turn/run.ts';
import { delayOf, DelayedMessages } from './delayed-messages.ts';
import type { HoldingHost } from './holding-host.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';
import { historyLengthOf, RecentHistory } from './recent-history.ts';
import { heldBy, type ExchangeTypeName } from './types.ts';

/** A queue, as far as what is bound to it needs it. */
export interface BoundQueue extends Destination {
  readonly kind: 'queue';
  readonly name: string;
  /** `queue 'q' in vhost '/'` */
  readonly text: string;
  readonly options: { readonly durable: boolean; readonly owner: object | undefined };
  readonly settings: { readonly type: QueueType };
  readonly dependents: Dependents;
}

/** Where a binding may lead. */
export type BindingDestination = BoundQueue | Exchange;

/** What an exchange asks of its virtual host. */
export interface ExchangeHost extends HoldingHost {
  readonly name: string;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, BoundQueue>;
  readonly random: Random;
  /** Publishes in process; whether some queue took the message. */
  publishTo(exchange: Exchange, message: OutgoingMessage): boolean;
  /** A binding went: routes change, and its source goes with the last one if so declared. */
  bindingRemoved(bound: BoundBinding): void;
}

/** A binding and its life: unsubscribing removes it from its exchange. */
export interface BoundBinding extends Binding<BindingDestination> {
  readonly source: Exchange;
  readonly subscription: Subscription;
}

export interface ExchangeOptions {
  readonly type: ExchangeTypeName;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Clients may not publish to it. EXC-06. */
  readonly internal: boolean;
  readonly arguments: FieldTable;
  /** Gets what this exchange has no destination for. TYP-11. */
  readonly alternateExchange: string | undefined;
}

/**
 * An exchange: bindings, and the matcher of its type that picks from them. Deleting it is to
 * unsubscribe it; its bindings, at either end, go with it.
 */
export class Exchange implements Observer<OutgoingMessage> {
  readonly kind = 'exchange';
  readonly name: string;
  readonly vhost: ExchangeHost;
  readonly options: ExchangeOptions;
  /** The policies that apply, and what they make of the arguments; undefined: there are none. */
  effective: Effective | undefined;
  readonly matcher: Matcher<BindingDestination>;
  /** What came to it since it was made, as far as publishers added it up. */
  readonly pastCounters = new PublishCounters();
  readonly subscription = new Subscription();
  /** Bindings at either end. */
  readonly dependents = new Dependents(this.subscription);
  /** Keeps the last messages, on an x-recent-history exchange. */
  readonly history: RecentHistory | undefined;
  /** What it holds back, on an x-delayed-message exchange. */
  readonly delayed: DelayedMessages | undefined;
  readonly #bindings = new Map<string, BoundBinding>();

  constructor(
    vhost: ExchangeHost, name: string, options: ExchangeOptions,
    matcher: Matcher<BindingDestination>,
  ) {
    this.vhost = vhost;
    this.name = name;
    this.options = options;
    this.matcher = matcher;
    const { type, arguments: table } = options;
    const held = heldBy(type);
    if (held === 'delayed messages') this.delayed = new DelayedMessages(this);
    if (held === 'recent history') this.history = new RecentHistory(this, historyLengthOf(table));
  }

  /** Publishes in process; whether some queue took the message. Errors as basic.publish. */
  publish(message: OutgoingMessage): boolean {
    return this.vhost.publishTo(this, message);
  }

  /** The same as `publish`, so that an Observable of messages can be subscribed by an exchange. */
  next(message: OutgoingMessage): void {
    this.publish(message);
  }

  /** A source of messages that failed is no business of the exchange, but must not be silent. */
  error(error: unknown): void {
    throw error;
  }

  /** A source that ends leaves the exchange as it is: others publish to it as well. */
  complete(): void {}

  /** Where the message goes in place of the bindings: to be held back. TYP-06. */
  detour({ properties }: Routable): Destination | undefined {
    if (this.delayed === undefined) return undefined;
    return delayOf(properties) === undefined ? undefined : this.delayed;
  }

  /** The exchange for what this one has no destination for, where it exists. TYP-11. */
  get alternate(): Exchange | undefined {
    const { effective, options } = this;
    const name = effective === undefined
      ? options.alternateExchange
      : effective.arguments['alternate-exchange'];
    return name === undefined ? undefined : this.vhost.exchanges.get(name as string);
  }

  /** It is deleted: a route that was found before leads nowhere. */
  get gone(): boolean {
    return this.subscription.closed;
  }

  /** Takes back a message that the journal kept while it was held back. */
  restore(address: Address, { until }: { readonly until: number }): void {
    this.delayed?.restore(address, until);
  }

  /** `exchange 'x' in vhost '/'` */
  get text(): string {
    return resourceText('exchange', this.name, this.vhost.name);
  }

  /** Bindings with this exchange as their source. */
  get bindings(): Iterable<BoundBinding> {
    return this.#bindings.values();
  }

  /** Bindings of which it is the source. */
  get bindingCount(): number {
    return this.#bindings.size;
  }

  /** Adds a binding; one that is there already is left alone. QUE-08. Errors: 406 by type. */
  bind(binding: Binding<BindingDestination>): BoundBinding | undefined {
    const key = identityOf(binding);
    if (this.#bindings.has(key)) return undefined;
    this.matcher.check(binding);
    const bound: BoundBinding = { ...binding, source: this, subscription: new Subscription() };
    this.#bindings.set(key, bound);
    this.matcher.add(bound);
    bound.subscription.add(() => this.#remove(key, bound));
    this.dependents.add(bound.subscription);
    binding.destination.dependents.add(bound.subscription);
    if (binding.destination.kind === 'queue') this.history?.replayTo(binding.destination);
    return bound;
  }

  /** How many bindings end with it, at either end. */
  get partCount(): number {
    return this.dependents.count;
  }

  /** Ends one of them at each call; whether there was one. */
  partStepper(): () => boolean {
    return this.dependents.stepper();
  }

  /** The binding of the same destination, key and arguments, if there is one. */
  find(binding: Binding<BindingDestination>): BoundBinding | undefined {
    return this.#bindings.get(identityOf(binding));
  }

  /** Removes a binding; one that is not there is no error. TOP-7. */
  unbind(binding: Binding<BindingDestination>): void {
    this.find(binding)?.subscription.unsubscribe();
  }

  #remove(key: string, bound: BoundBinding): void {
    this.#bindings.delete(key);
    this.matcher.remove(bound);
    this.vhost.bindingRemoved(bound);
  }
}

/** Bindings are the same when destination, key and arguments are. */
function identityOf(binding: Binding<BindingDestination>): string {
  const { destination, routingKey, arguments: table } = binding;
  return JSON.stringify([destination.kind, destination.name, routingKey, argumentsKey(table)]);
}

/** What events say of a binding. */
export function factsOf({ source, destination, routingKey, arguments: table }: BoundBinding): {
  vhost: string; source: string; destination: string; destinationKind: 'queue' | 'exchange';
  routingKey: string; arguments: FieldTable;
} {
  return {
    vhost: source.vhost.name,
    source: source.name,
    destination: destination.name,
    destinationKind: destination.kind,
    routingKey,
    arguments: table,
  };
}
