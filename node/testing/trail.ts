import { inspect } from 'node:util';
import { Subject, type Subscription } from 'rxjs';
import type { Broker, BrokerEvent, ConnectionInfo, RoutedEvent } from '../../core/index.ts';
import { durationText } from './duration.ts';
import { RoutedMessage } from './seen-message.ts';

/** What a test can wait for: an event of the broker, or a message on its way. */
export type TestEvent = BrokerEvent | ({ readonly type: 'message.routed' } & RoutedEvent);

/** The event of this type; one that shares its facts with another type is found as well. */
export type EventOf<T extends TestEvent['type']> = TestEvent extends infer E
  ? E extends { readonly type: infer U } ? (T extends U ? E : never) : never
  : never;

/** For the compiler to find that none is left out. */
const eventTypes: Readonly<Record<TestEvent['type'], true>> = {
  'connection.opened': true, 'connection.refused': true, 'connection.closed': true,
  'connection.blocked': true, 'connection.unblocked': true, 'connection.flow': true,
  'connection.failed': true, 'channel.opened': true, 'channel.closed': true,
  'exchange.declared': true, 'exchange.deleted': true, 'queue.declared': true,
  'queue.deleted': true, 'queue.trouble': true, 'queue.paused': true, 'queue.resumed': true,
  'binding.added': true, 'binding.removed': true,
  'consumer.added': true, 'consumer.removed': true, 'message.dead-lettered': true,
  'message.dead-letter-limit': true, 'message.routed': true, 'alarm.set': true,
  'alarm.cleared': true, 'journal.trouble': true, 'broker.stopping': true,
};

/** Throws a TypeError for an event that never comes. */
export function checkEventType(type: string): void {
  if (Object.hasOwn(eventTypes, type)) return;
  throw new TypeError(`there is no event '${type}', but ${Object.keys(eventTypes).join(', ')}`);
}

/** Lines that are kept, and those that a failure shows. */
const LINES_MAX = 2000;
const LINES_SHOWN = 25;
/** Messages that are kept for expectations; the oldest go first. */
const MESSAGES_MAX = 10_000;

/** What the broker saw, line by line, for whoever has to find out why a test failed. */
export class Trail {
  /** Events as they happen. */
  readonly events$ = new Subject<TestEvent>();
  /** Messages as they are routed. */
  readonly routed$ = new Subject<RoutedMessage>();
  readonly #startedAt: number;
  readonly #wall: () => number;
  readonly #lines: string[] = [];
  readonly #routed: RoutedMessage[] = [];
  readonly #subscription: Subscription;

  constructor(broker: Broker) {
    this.#wall = () => broker.clock.wall();
    this.#startedAt = this.#wall();
    this.#subscription = broker.events$.subscribe((event) => this.#onEvent(event));
    this.#subscription.add(broker.routed$.subscribe((event) => this.#onRouted(event)));
  }

  /** Messages that were routed, oldest first. */
  get routed(): readonly RoutedMessage[] {
    return this.#routed;
  }

  /** The last lines, newest last. */
  get text(): string {
    if (this.#lines.length === 0) return '  nothing yet';
    return this.#lines.slice(-LINES_SHOWN).join('\n');
  }

  /** Forgets the messages that were routed. */
  forget(): void {
    this.#routed.length = 0;
  }

  /** Adds a line that is no event of the broker. */
  note(text: string): void {
    this.#add(text);
  }

  stop(): void {
    this.#subscription.unsubscribe();
    this.routed$.complete();
    this.events$.complete();
  }

  #onEvent(event: BrokerEvent): void {
    this.#add(lineOf(event));
    this.events$.next(event);
  }

  #onRouted(event: RoutedEvent): void {
    const message = new RoutedMessage(event);
    this.#routed.push(message);
    if (this.#routed.length > MESSAGES_MAX) this.#routed.shift();
    this.#add(`message.routed ${wayOf(message)}`);
    this.routed$.next(message);
    this.events$.next({ ...event, type: 'message.routed' });
  }

  #add(text: string): void {
    this.#lines.push(`  +${durationText(this.#wall() - this.#startedAt)} ${text}`);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }
}

/** `orders 'order.created' -> billing, audit: {"id":1}` */
export function wayOf(message: RoutedMessage): string {
  const { exchange, routingKey, destinations, death } = message;
  const from = exchange === '' ? '(default exchange)' : exchange;
  const to = destinations.length === 0 ? 'no queue' : destinations.join(', ');
  const died = death === undefined ? '' : `, dead-lettered from ${death.queue} (${death.reason})`;
  return `${from} '${routingKey}' -> ${to}${died}: ${shortText(message)}`;
}

const TEXT_CHARS_MAX = 60;

function shortText({ body, text }: RoutedMessage): string {
  if (/\p{Cc}|�/u.test(text)) return `${body.length} bytes`;
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text;
}

/** The facts of an event as `name=value`; the connection by its id alone where it is known. */
function lineOf({ type, at: _at, ...facts }: BrokerEvent): string {
  const words: string[] = [type];
  for (const [name, value] of Object.entries(facts)) {
    if (name === 'connection') words.push(connectionText(type, value as ConnectionInfo));
    else if (value !== '') words.push(`${name}=${factText(value)}`);
  }
  return words.join(' ');
}

function connectionText(type: string, info: ConnectionInfo): string {
  if (type !== 'connection.opened') return info.id;
  const name = connectionName(info);
  const named = name === undefined ? '' : ` '${name}'`;
  return `${info.id}${named} of ${info.user} to vhost '${info.vhost}' from ${info.peer}`;
}

/** What the client called its connection, where it did. */
export function connectionName({ clientProperties }: ConnectionInfo): string | undefined {
  const name = clientProperties['connection_name'];
  return typeof name === 'string' ? name : undefined;
}

function factText(value: unknown): string {
  if (typeof value !== 'string') return inspect(value, { depth: 4, breakLength: Infinity });
  return /\s/.test(value) ? `'${value}'` : value;
}
