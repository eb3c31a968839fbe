import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Changes } from '../../ports.ts';
import { CONTENT_HEADER_BYTES, type Content } from '../../protocol/content.ts';
import { checkProperties } from '../../protocol/raw-properties.ts';
import { Reader } from '../../protocol/reader.ts';
import { FRAME_HEADER_BYTES } from '../../protocol/spec.ts';
import type { Compatibility } from '../definition/compatibility.ts';
import type { Confirms, ConfirmSink } from './confirms.ts';
import { frameEnd, type MessageBytes } from '../message/bytes.ts';
import { rewrite } from '../message/rewriting.ts';
import type { Address } from '../message/address.ts';
import {
  keepingMarks, publishOptions, type PublishContext, type PublishOptions,
} from '../message/publish-options.ts';
import { checkDelay } from '../exchange/delayed-messages.ts';
import type { Guard } from '../access/guard.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Route } from '../exchange/router.ts';
import type { Counters } from '../counters.ts';
import type { MemoryAccount } from '../memory-account.ts';
import type { Events } from '../events/events.ts';
import type { Routable } from '../exchange/matcher.ts';
import type { MessageStore } from '../message/store.ts';
import { propertiesOf, type StoredMessage } from '../message/stored-message.ts';
import type { Destination } from '../turn/run.ts';
import { PublishTallies } from './publish-tallies.ts';
import type { Transaction } from './transaction.ts';
import type { RefusalSink, Turn } from '../turn/turn.ts';
import type { Keeper } from '../turn/keeper.ts';
import { workOfOctets } from '../turn/work.ts';

/** Hears of each message that is published. */
export interface PublishListener {
  published(
    address: Address, destinations: readonly Destination[],
    party: { readonly owner: string; readonly connectionName: string; readonly user: string },
  ): void;
}

/** What a publisher asks of the virtual host that it publishes to. */
export interface PublishHost {
  readonly name: string;
  readonly store: MessageStore;
  readonly turn: Turn;
  readonly events: Events;
  readonly counters: Counters;
  readonly memory: MemoryAccount;
  /** What publishers counted and did not add up yet. */
  readonly totals: { readonly publishTallies: Set<{ settle(): void }> };
  readonly compatibility: Compatibility;
  /** What keeps messages over a restart; undefined: nothing does. */
  readonly persistence: Keeper | undefined;
  /** Hears of each message while somebody wants that. */
  readonly firehose: PublishListener | undefined;
  readMessage(address: Address): StoredMessage;
  /** The route of a basic.publish by the octets of its names; 403, 404 where there is none. */
  routeOf(
    message: MessageBytes, decode: (message: MessageBytes) => readonly [string, string],
  ): Route;
  /** Where a message goes that was published to this exchange with these keys. */
  route(exchange: Exchange, message: Routable, keys: readonly string[]): Route;
  /** Sends a message on to its destinations, and tells whoever looks. */
  dispatch(
    destinations: readonly Destination[], address: Address, timeToLive: number,
    refusals: RefusalSink | undefined, sequence: number,
  ): void;
}

/** What a publisher sends back on its channel. */
export interface PublisherSink extends ConfirmSink {
  /** `connection-1/3`, or '' in process. */
  readonly owner: string;
  /** As RabbitMQ names its connection; '' in process. */
  readonly connectionName: string;
  /** Sends basic.return with the message at this address. */
  returnMessage(address: Address, replyName: 'NO_ROUTE' | 'NO_CONSUMERS'): void;
  /** Has `flush` called at the end of the turn. */
  flushLater(): void;
}

/**
 * Takes charge of confirms that are due: `send` sends them, `refuse` sends nacks in their place.
 * `persistent`: they are for messages that have to be on disk first.
 */
export type ConfirmHolder = (persistent: boolean, send: () => void, refuse: () => void) => void;

/** The flags of basic.publish. */
export const MANDATORY = 1;
export const IMMEDIATE = 2;
/** Octets of the method before the names: class, method, reserved. */
const NAMES_OFFSET = 6;

/** Where messages enter a virtual host: routes, returns, confirms, transactions. */
export class Publisher {
  /** Present once the channel is in confirm mode. CNF-01. */
  confirms: Confirms | undefined;
  /** Present once the channel is transactional. TX-01. */
  transaction: Transaction | undefined;
  /** What it published so far. */
  readonly tallies: PublishTallies;
  readonly context: { -readonly [K in keyof PublishContext]: PublishContext[K] };
  readonly #vhost: PublishHost;
  readonly #sink: PublisherSink;
  readonly #immediate: Compatibility['immediate'];
  readonly #guard: Guard | undefined;
  readonly #changes: Changes | undefined;
  /** The exchange that was published to last and may be, whatever the key. */
  #open: Exchange | undefined;
  /** Routes that were taken before and may be. */
  #openRoutes = new WeakSet<Route>();
  /** The version of the permissions that both hold for. */
  #openVersion = 0;
  #flushing = false;
  /** Something persistent was published in this turn, so its confirm waits for the disk. */
  #persistent = false;
  readonly #names = new Reader(new Uint8Array(0));

  /** Made once, not for each publish. */
  readonly #readNames = (message: MessageBytes): readonly [string, string] => {
    const names = this.#names.reset(message.block, message.namesStart, message.namesEnd);
    return [names.shortstr(), names.shortstr()];
  };

  /** The same of a route that is not known: whether it may be written comes before all else. */
  readonly #readAllowed = (message: MessageBytes): readonly [string, string] => {
    const names = this.#readNames(message);
    this.#guard?.exchange('write', names[0]);
    return names;
  };

  constructor(
    vhost: PublishHost, context: PublishContext, sink: PublisherSink,
    immediate: Compatibility['immediate'], guard?: Guard,
  ) {
    this.#guard = guard?.allowsAll === true ? undefined : guard;
    this.#changes = this.#guard?.changes;
    this.#vhost = vhost;
    this.context = { ...context };
    this.#sink = sink;
    this.tallies = new PublishTallies(vhost.memory);
    vhost.totals.publishTallies.add(this.tallies);
    this.#immediate = immediate;
  }

  /** Publishes with these sequence numbers, both included, were acknowledged. */
  readonly onConfirmed = (from: number, to: number): void => {
    this.#vhost.counters.confirmed += to - from + 1;
    this.tallies.noteConfirmed(from, to);
  };

  /** A basic.publish and its content. Errors: BAS-01. */
  publishContent(content: Content): void {
    this.publish(messageOf(content), content.block.bytes[content.methodEnd - 1]!);
  }

  /** A message with the flags of basic.publish; what `message` is may change afterwards. */
  publish(message: MessageBytes, flags: number): void {
    if ((flags & IMMEDIATE) !== 0 && this.#immediate === 'refuse') {
      // The broker was told to do as RabbitMQ does. IMM-11.
      throw new AmqpError('NOT_IMPLEMENTED', 'immediate=true');
    }
    const route = this.#vhost.routeOf(message, this.#readAllowed);
    if (this.#guard !== undefined && (
      route.exchange !== this.#open || this.#changes!.version !== this.#openVersion
    )) this.#check(this.#guard, route, message);
    const options = publishOptions(message, this.context);
    this.#vhost.counters.published++;
    if (options === undefined && route.keyOnly) {
      this.#send(message, route, NO_OPTIONS, flags);
    } else {
      this.#publishWith(message, route, options ?? NO_OPTIONS, flags);
    }
  }

  /** Refuses what the user may not publish. Errors: 403. */
  #check(guard: Guard, route: Route, message: MessageBytes): void {
    const { version } = guard.changes;
    if (version !== this.#openVersion) {
      this.#openVersion = version;
      this.#open = undefined;
      this.#openRoutes = new WeakSet();
    } else if (this.#openRoutes.has(route)) {
      return;
    }
    const { exchange } = route;
    const [name, routingKey] = this.#readNames(message);
    guard.exchange('write', name);
    if (guard.looksAtKeysOf(exchange)) guard.topic('write', exchange, routingKey);
    else this.#open = exchange;
    // Any other is made anew for each message.
    if (route.keyOnly) this.#openRoutes.add(route);
  }

  /** Confirms what the turn published, or lets `hold` say when. */
  flush(hold?: ConfirmHolder): void {
    const { confirms } = this;
    // A channel is flushed for other reasons too: nothing was published since the last time.
    if (confirms === undefined || !this.#flushing) return;
    this.#flushing = false;
    const { published } = confirms;
    const persistent = this.takePersistent();
    if (hold === undefined) confirms.flush(published, this.#sink);
    else {
      const refuse = (): void => confirms.refuse(published, this.#sink);
      hold(persistent, () => confirms.flush(published, this.#sink), refuse);
    }
  }

  /** Who publishes, to whoever hears of messages. */
  get #party(): { owner: string; connectionName: string; user: string } {
    const { owner, connectionName } = this.#sink;
    return { owner, connectionName, user: this.context.user };
  }

  /** The channel ended. */
  end(): void {
    this.tallies.clear();
    this.#vhost.totals.publishTallies.delete(this.tallies);
  }

  /** Whether something persistent was published since this was asked last. */
  takePersistent(): boolean {
    const persistent = this.#persistent;
    this.#persistent = false;
    return persistent;
  }

  /** Publishes what the transaction holds; whether every queue took it. TX-02, TX-05. */
  commit(): boolean {
    let complete = true;
    this.#vhost.persistence?.keepAsOne();
    const refused: RefusalSink = { reject: () => (complete = false) };
    for (const { address, route, timeToLive, flags } of this.transaction!.publishes) {
      const { destinations } = route;
      const routed = route.routed && !destinations.every(({ gone }) => gone);
      this.#dispatch(address, { ...route, routed }, timeToLive, flags, refused, 0);
    }
    this.#vhost.turn.flushRun();
    return complete;
  }

  /** A publish that is routed by more than its key, or differs from what came. */
  #publishWith(
    message: MessageBytes, route: Route, options: PublishOptions, flags: number,
  ): void {
    const { otherKeys, rewriting } = options;
    const bytes = rewriting === undefined ? message : rewrite(message, rewriting);
    if (route.keyOnly && otherKeys.length === 0) {
      this.#send(bytes, route, options, flags);
      return;
    }
    const keys = [this.#readNames(message)[1], ...otherKeys];
    const routable = { properties: propertiesOf(message) };
    if (route.exchange.delayed !== undefined) checkDelay(routable.properties);
    const exact = this.#vhost.route(route.exchange, routable, keys);
    this.#send(bytes, exact, options, flags);
  }

  #send(message: MessageBytes, route: Route, options: PublishOptions, flags: number): void {
    const { timeToLive } = options;
    this.tallies.note(route, this.confirms);
    if (route.keepsAll) this.#persistent = true;
    const marks = options.marks | this.#keepingMarks(message, route.keepsEach);
    const octets = message.contentEnd - message.contentStart;
    if (octets > limits.octetsPerWork) this.#vhost.turn.spend(workOfOctets(octets));
    const address = this.#vhost.store.append(message, marks);
    if (this.transaction !== undefined) {
      this.transaction.addPublish({ address, route, timeToLive, flags }, message.bodyBytes);
    } else {
      const sequence = this.confirms === undefined ? 0 : this.#nextSequence(this.confirms);
      this.#dispatch(address, route, timeToLive, flags, this.confirms, sequence);
    }
  }

  /** BAS-07; what the broker does not keep need not be looked at. */
  #keepingMarks(message: MessageBytes, keepsEach: boolean): number {
    if (this.#vhost.persistence === undefined) return 0;
    const marks = keepingMarks(message, keepsEach);
    if (marks !== 0) this.#persistent = true;
    return marks;
  }

  #dispatch(
    address: Address, route: Route, timeToLive: number, flags: number,
    refusals: RefusalSink | undefined, sequence: number,
  ): void {
    const { firehose, events: { trace } } = this.#vhost;
    if (firehose !== undefined) firehose.published(address, route.destinations, this.#party);
    if (trace.active) trace.published(this.#vhost, address, this.#sink.owner);
    if ((flags & IMMEDIATE) !== 0) {
      this.#dispatchNow(address, route, timeToLive, flags, refusals, sequence);
      return;
    }
    if (!route.routed) this.#unroutable(address, flags, route.exchange);
    this.#vhost.dispatch(route.destinations, address, timeToLive, refusals, sequence);
  }

  /**
   * `immediate`, to the letter of IMM-6 and IMM-7: exactly one delivery for each queue that can
   * deliver now, or exactly one return. It is judged and done in one go, so nothing comes between.
   */
  #dispatchNow(
    address: Address, route: Route, timeToLive: number, flags: number,
    refusals: RefusalSink | undefined, sequence: number,
  ): void {
    const vhost = this.#vhost;
    const { turn, store } = vhost;
    turn.settleQueues();
    let taken = 0;
    for (const destination of route.destinations) {
      if (!destination.acceptsImmediately(address)) continue;
      store.retain(address);
      vhost.dispatch([destination], address, timeToLive, refusals, sequence);
      turn.flushRun();
      destination.pump();
      taken++;
    }
    if (taken === 0) {
      const noRoute = !route.routed && (flags & MANDATORY) !== 0;
      this.#return(address, noRoute ? 'NO_ROUTE' : 'NO_CONSUMERS', route.exchange);
    }
    store.release(address);
  }

  #unroutable(address: Address, flags: number, exchange: Exchange): void {
    const { counters } = this.#vhost;
    counters.unroutable++;
    if ((flags & MANDATORY) !== 0) {
      this.#return(address, 'NO_ROUTE', exchange);
      return;
    }
    counters.dropped++;
    this.tallies.noteLost(exchange, 'dropped');
  }

  #return(address: Address, replyName: 'NO_ROUTE' | 'NO_CONSUMERS', exchange: Exchange): void {
    const { counters, events: { trace } } = this.#vhost;
    counters.returned++;
    this.tallies.noteLost(exchange, 'returned');
    if (trace.active) trace.returned(this.#vhost, address, this.#sink.owner, replyName);
    this.#sink.returnMessage(address, replyName);
  }

  #nextSequence(confirms: Confirms): number {
    if (!this.#flushing) {
      this.#flushing = true;
      this.#sink.flushLater();
    }
    this.#vhost.counters.publishedForConfirm++;
    return confirms.next();
  }
}

const NO_OPTIONS: PublishOptions = {
  timeToLive: Infinity, otherKeys: [], rewriting: undefined, marks: 0,
};

/** One object for all publishes: it is read before the next one comes. */
const scratch = {
  block: undefined as unknown as Content['block'],
  namesStart: 0, namesEnd: 0, contentStart: 0, contentEnd: 0, bodyBytes: 0, canonical: true,
};

/** The message in a basic.publish; where its names or properties are malformed: 502. */
function messageOf(content: Content): MessageBytes {
  const { block, contentStart } = content;
  const { bytes } = block;
  const namesStart = content.methodStart + NAMES_OFFSET;
  const namesEnd = content.methodEnd - 1;
  const keyAt = namesStart + 1 + (bytes[namesStart] ?? 0);
  if (keyAt >= namesEnd || keyAt + 1 + bytes[keyAt]! !== namesEnd) {
    throw new AmqpError('SYNTAX_ERROR', 'malformed arguments of basic.publish');
  }
  const flagsAt = contentStart + FRAME_HEADER_BYTES + CONTENT_HEADER_BYTES;
  const headerEnd = frameEnd(block, contentStart) - 1;
  // No flags and nothing behind them: the usual case of a bare message.
  if (block.view.getUint16(flagsAt) !== 0 || headerEnd !== flagsAt + 2) {
    checkProperties(block, flagsAt, headerEnd);
  }
  scratch.block = block;
  scratch.namesStart = namesStart;
  scratch.namesEnd = namesEnd;
  scratch.contentStart = contentStart;
  scratch.contentEnd = content.contentEnd;
  scratch.bodyBytes = content.bodyBytes;
  scratch.canonical = content.canonical;
  return scratch;
}

