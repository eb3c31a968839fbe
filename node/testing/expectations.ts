import { isDeepStrictEqual } from 'node:util';
import { merge, Observable, Subscription } from 'rxjs';
import type { Broker } from '../../core/index.ts';
import type { FieldTable } from '../../core/protocol/index.ts';
import { durationText, millisecondsOf, type Duration } from './duration.ts';
import { startHostTimer } from './host-time.ts';
import type { RoutedMessage } from './seen-message.ts';
import type { TestBrokerError } from './test-broker-error.ts';
import { checkEventType, wayOf, type EventOf, type TestEvent, type Trail } from './trail.ts';
import { unackedCount, type Traffic } from './traffic.ts';
import { checkWords, type Words } from './words.ts';

/** What a message is to be like; what is not named may be anything. */
export interface MessagePattern {
  readonly vhost?: string;
  readonly routingKey?: string;
  /** Text or bytes that are the body, or a value that the body is as JSON. */
  readonly body?: unknown;
  /** Headers that are there with these values, beside others. */
  readonly headers?: FieldTable;
}

export interface RoutedPattern extends MessagePattern {
  readonly exchange?: string;
  /** A queue, or several, that all got it; an empty list: no queue did. */
  readonly to?: string | readonly string[];
}

/** A message as a client published it, wherever it went. */
export interface PublishedPattern extends MessagePattern {
  readonly exchange?: string;
}

export interface DeadLetteredPattern extends MessagePattern {
  /** Queue in which it died. */
  readonly from?: string;
  /** Why. QUE-19. */
  readonly reason?: 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';
  /** A queue, or several, that all got it then; an empty list: none did. */
  readonly to?: string | readonly string[];
}

const messageWords = {
  vhost: 'any', routingKey: 'any', body: 'any', headers: 'any',
} as const;

const publishedWords: Words<PublishedPattern> = { ...messageWords, exchange: 'any' };
const routedWords: Words<RoutedPattern> = { ...publishedWords, to: 'any' };

const deadLetteredWords: Words<DeadLetteredPattern> = {
  ...messageWords, to: 'any', from: 'any',
  reason: ['rejected', 'expired', 'maxlen', 'delivery_limit'],
};

/** How long an expectation waits. */
export interface WaitOptions {
  /** Real time after which it fails. Default: the `timeout` of the test broker. */
  readonly timeout?: Duration;
}

export interface ExpectationParts {
  readonly broker: Broker;
  readonly trail: Trail;
  readonly traffic: Traffic;
  readonly timeoutMs: number;
  /** What the broker saw, for failures. */
  readonly report: (exchange?: string, vhost?: string) => string;
  /** Hears of every failure. */
  readonly onFailure: (error: TestBrokerError) => void;
}

/** How often a condition is looked at that nothing on a wire makes true. */
const LOOK_MS = 10;

const looks$ = new Observable<void>((looks) => {
  let stop = (): void => {};
  const wait = (): void => {
    stop = startHostTimer(() => {
      looks.next();
      wait();
    }, LOOK_MS);
  };
  wait();
  return () => stop();
});

type Fail = (message: string) => TestBrokerError;

/** What a test can expect of the broker, with failures that show what happened instead. */
export class Expectations {
  readonly #parts: ExpectationParts;

  constructor(parts: ExpectationParts) {
    this.#parts = parts;
  }

  async expectRouted(
    pattern: RoutedPattern, options: WaitOptions, fail: Fail,
  ): Promise<RoutedMessage> {
    checkWords('expectRouted', pattern, routedWords);
    const passes = (message: RoutedMessage): boolean => isRoutedLike(message, pattern);
    const expected = `expected a routed message ${patternText(pattern)}`;
    return this.#message(passes, expected, options, fail, pattern);
  }

  async expectPublished(
    pattern: PublishedPattern, options: WaitOptions, fail: Fail,
  ): Promise<RoutedMessage> {
    checkWords('expectPublished', pattern, publishedWords);
    const passes = (message: RoutedMessage): boolean =>
      message.death === undefined && isRoutedLike(message, pattern);
    const expected = `expected a published message ${patternText(pattern)}`;
    return this.#message(passes, expected, options, fail, pattern);
  }

  /** What is on its way by then has come. */
  async expectNotRouted(pattern: RoutedPattern, fail: Fail): Promise<void> {
    checkWords('expectNotRouted', pattern, routedWords);
    const { trail, traffic, report } = this.#parts;
    await traffic.untilQuiet();
    const found = trail.routed.find((message) => isRoutedLike(message, pattern) &&
      (pattern.to !== undefined || message.destinations.length > 0));
    if (found === undefined) return;
    throw this.#failed(fail(
      `expected no routed message ${patternText(pattern)}, and there is ${wayOf(found)}`
      + `\n\n${report(pattern.exchange, pattern.vhost)}`,
    ));
  }

  async expectDeadLettered(
    pattern: DeadLetteredPattern, options: WaitOptions, fail: Fail,
  ): Promise<RoutedMessage> {
    checkWords('expectDeadLettered', pattern, deadLetteredWords);
    const passes = (message: RoutedMessage): boolean => {
      const { death } = message;
      return death !== undefined && isLike(message, pattern) && goesTo(message, pattern.to)
        && (pattern.from === undefined || pattern.from === death.queue)
        && (pattern.reason === undefined || pattern.reason === death.reason);
    };
    const expected = `expected a dead-lettered message ${patternText(pattern)}`;
    return this.#message(passes, expected, options, fail, pattern);
  }

  async assertNoUnacked(fail: Fail): Promise<void> {
    const { broker, report, traffic } = this.#parts;
    // An acknowledgement may still be on its way.
    await traffic.untilQuiet();
    const count = unackedCount(broker);
    if (count === 0) return;
    throw this.#failed(fail(
      `expected no unacknowledged deliveries, and there are ${count}\n\n${report()}`,
    ));
  }

  /** The next such event. */
  async event<T extends TestEvent['type']>(
    type: T, facts: Record<string, unknown>, options: WaitOptions, fail: Fail,
  ): Promise<EventOf<T>> {
    checkEventType(type);
    const passes = (event: TestEvent): boolean => {
      const values = event as unknown as Record<string, unknown>;
      return event.type === type
        && Object.entries(facts).every(([name, value]) => isSame(values[name], value));
    };
    const { trail } = this.#parts;
    const timeoutMs = this.#timeoutOf(options);
    const failure = (): string => {
      const text = Object.keys(facts).length === 0 ? '' : ` ${patternText(facts)}`;
      return `waited ${durationText(timeoutMs)} for the event ${type}${text}, and it did not come`;
    };
    const found = await this.#first(trail.events$, passes, timeoutMs, () => fail(
      `${failure()}\n\n${this.#parts.report()}`,
    ));
    return found as EventOf<T>;
  }

  /** Resolves once the condition holds. */
  async until(condition: () => boolean, failure: () => string, fail: Fail): Promise<void> {
    const { timeoutMs, traffic, report } = this.#parts;
    // What makes it false may still be on its way.
    await traffic.untilQuiet();
    if (condition()) return;
    await this.#first(merge(traffic.moved$, looks$), condition, timeoutMs, () => fail(
      `${failure()} within ${durationText(timeoutMs)}\n\n${report()}`,
    ));
  }

  async #message(
    passes: (message: RoutedMessage) => boolean, expected: string, options: WaitOptions,
    fail: Fail, { exchange, vhost }: RoutedPattern,
  ): Promise<RoutedMessage> {
    const { trail, report } = this.#parts;
    const past = trail.routed.find((message) => passes(message));
    if (past !== undefined) return past;
    const timeoutMs = this.#timeoutOf(options);
    return this.#first(trail.routed$, passes, timeoutMs, () => fail(
      `${expected}, and there was none within ${durationText(timeoutMs)}\n\n`
      + report(exchange, vhost),
    ));
  }

  /** The first of what comes that passes; fails when time is up or nothing more can come. */
  #first<T>(
    source$: Observable<T>, passes: (item: T) => boolean, timeoutMs: number,
    late: () => TestBrokerError,
  ): Promise<T> {
    const { traffic } = this.#parts;
    return new Promise((resolve, reject) => {
      const waiting = new Subscription();
      const fail = (): void => {
        if (waiting.closed) return;
        waiting.unsubscribe();
        reject(this.#failed(late()));
      };
      // A machine that stood still was late itself: what lies in the sockets by now counts.
      waiting.add(startHostTimer(() => void traffic.untilQuiet().then(fail), timeoutMs));
      waiting.add(source$.subscribe({
        next: (item) => {
          if (!passes(item)) return;
          waiting.unsubscribe();
          resolve(item);
        },
        complete: fail,
      }));
    });
  }

  #failed(error: TestBrokerError): TestBrokerError {
    this.#parts.onFailure(error);
    return error;
  }

  #timeoutOf(options: WaitOptions): number {
    checkWords('a wait', options, { timeout: 'any' });
    const { timeout } = options;
    return timeout === undefined ? this.#parts.timeoutMs : millisecondsOf(timeout);
  }
}

function isLike(message: RoutedMessage, pattern: MessagePattern): boolean {
  const { vhost, routingKey, body, headers } = pattern;
  if (vhost !== undefined && vhost !== message.vhost) return false;
  if (routingKey !== undefined && routingKey !== message.routingKey) return false;
  const hasHeaders = Object.entries(headers ?? {}).every(([name, value]) => {
    return isSame(message.headers[name], value);
  });
  return hasHeaders && (body === undefined || hasBody(message, body));
}

function isRoutedLike(message: RoutedMessage, pattern: RoutedPattern): boolean {
  return isLike(message, pattern) && goesTo(message, pattern.to)
    && (pattern.exchange === undefined || pattern.exchange === message.exchange);
}

/** Field tables have no prototype, which is no difference here. */
function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(structuredClone(a), structuredClone(b));
}

function hasBody(message: RoutedMessage, body: unknown): boolean {
  if (typeof body === 'string') return message.text === body;
  if (body instanceof Uint8Array) return Buffer.compare(message.body, body) === 0;
  try {
    return isDeepStrictEqual(message.json(), body);
  } catch {
    return false;
  }
}

function goesTo(
  { destinations }: RoutedMessage, to: string | readonly string[] | undefined,
): boolean {
  if (to === undefined) return true;
  const queues = typeof to === 'string' ? [to] : to;
  if (queues.length === 0) return destinations.length === 0;
  return queues.every((queue) => destinations.includes(queue));
}

/** `{ exchange: 'orders', to: 'billing' }` */
function patternText(pattern: object): string {
  return JSON.stringify(pattern, (_name, value: unknown) => {
    return value instanceof Uint8Array ? `${value.length} bytes` : value;
  });
}
