import { limits } from '../../limits.ts';
import type { Cancel } from '../../ports.ts';
import { isFloat, tagOf } from '../../protocol/field-tags.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import { preconditionFailed } from '../definition/argument-checks.ts';
import type { Address } from '../message/address.ts';
import { rewrite } from '../message/rewriting.ts';
import { survives } from '../message/survival.ts';
import { stringTerm, typeName } from '../reply-text.ts';
import { Destination, type Run } from '../turn/run.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { Keeper } from '../turn/keeper.ts';
import type { HoldingExchange } from './holding-host.ts';

const DELAY = 'x-delay';

/**
 * Milliseconds that a message asks to be held back; undefined: not at all. Text is read as a
 * number, as the plugin of RabbitMQ does. TYP-06.
 */
export function delayOf({ headers }: Properties): number | undefined {
  const delay = headers?.[DELAY];
  const milliseconds = typeof delay === 'string' ? Number(delay) : delay;
  if (typeof milliseconds !== 'number' || !(milliseconds > 0)) return undefined;
  return isDelayFloat(headers!) ? undefined : Math.floor(milliseconds);
}

/** A delay is an integer: what says otherwise is refused when it is published. TYP-06. */
export function checkDelay({ headers }: Properties): void {
  if (headers === undefined || !isDelayFloat(headers)) return;
  const type = typeName(headers[DELAY]!, tagOf(headers, DELAY));
  throw preconditionFailed(
    `invalid message: header '${DELAY}': ${stringTerm(`expected integer, got ${type}`)}`,
  );
}

function isDelayFloat(headers: FieldTable): boolean {
  return typeof headers[DELAY] === 'number' && isFloat(tagOf(headers, DELAY));
}

/**
 * What an x-delayed-message exchange holds back. Each message has its own timer, so delays are
 * exact however long they are.
 */
export class DelayedMessages extends Destination {
  readonly label = '(held back)';
  readonly #exchange: HoldingExchange;
  /** How to wait no longer, and until when. */
  readonly #held = new Map<Address, { readonly cancel: Cancel; readonly until: number }>();
  /** Those that a restart brought back, until they have timers: the last due first. */
  #restored: { readonly address: Address; readonly until: number }[] = [];

  constructor(exchange: HoldingExchange) {
    super();
    this.#exchange = exchange;
    exchange.subscription.add(() => this.#release());
  }

  override get gone(): boolean {
    return this.#exchange.subscription.closed;
  }

  override next(run: Run): void {
    for (let i = 0; i < run.count; i++) {
      if (this.#held.size < limits.delayedMessagesMax) this.#hold(run.addresses[i]!);
      else run.rejected[i] = 1;
    }
  }

  #hold(address: Address): void {
    const { vhost } = this.#exchange;
    vhost.store.retain(address);
    const delay = delayOf(vhost.readMessage(address).properties) ?? 0;
    this.#wait(address, delay);
    this.#persistence?.arrived(this.#exchange, address, vhost.turn.now + delay);
  }

  /** Takes back a message that the journal kept; it has no timer before `resume`. */
  restore(address: Address, until: number): void {
    this.#held.set(address, { cancel: noCancel, until });
    this.#restored.push({ address, until });
  }

  restored(): void {
    // Those of one instant stay in the order in which they came.
    this.#restored.reverse();
    this.#restored.sort((a, b) => b.until - a.until);
  }

  get dueAt(): number {
    return this.#restored.at(-1)?.until ?? Infinity;
  }

  catchUp(): void {
    this.#due(this.#restored.pop()!.address);
  }

  resume(): void {
    const now = this.#exchange.vhost.clock.now();
    for (const { address, until } of this.#restored.toReversed()) this.#wait(address, until - now);
    this.#restored = [];
  }

  #wait(address: Address, delay: number): void {
    const { vhost } = this.#exchange;
    const cancel = vhost.setTimer(delay, () => this.#due(address), 'a delayed message is due');
    this.#held.set(address, { cancel, until: vhost.clock.now() + delay });
  }

  #due(address: Address): void {
    const { vhost } = this.#exchange;
    vhost.whenReadable(address, () => this.#send(address), () => {
      if (this.#held.delete(address)) vhost.store.release(address);
    });
  }

  /** Drops what no restart leaves: messages that are not persistent. BAS-07. */
  dropTransient(): void {
    const { vhost } = this.#exchange;
    for (const [address, { cancel }] of this.#held) {
      if (survives(vhost, address)) continue;
      cancel();
      this.#held.delete(address);
      vhost.store.release(address);
    }
  }

  /** Visits what is held back and in memory, with when each is due by the clock. */
  forEach(visit: (message: StoredMessage, address: Address, until: number) => void): void {
    const { vhost } = this.#exchange;
    this.forEachHeld((address, until) => {
      if (vhost.store.isResident(address)) visit(vhost.readMessage(address), address, until);
    });
  }

  /** Visits all that is held back, in memory or not. */
  forEachHeld(visit: (address: Address, until: number) => void): void {
    for (const [address, { until }] of this.#held) visit(address, until);
  }

  get #persistence(): Keeper | undefined {
    const { options, vhost } = this.#exchange;
    return options.durable ? vhost.persistence : undefined;
  }

  /** Time is up: the message is routed as the inner type of the exchange says. */
  #send(address: Address): void {
    const { vhost } = this.#exchange;
    if (!this.#held.delete(address)) return;
    // A negative delay tells the receiver how long it was, and is no delay for another exchange.
    const { bytes, marks, properties } = vhost.readMessage(address);
    const sent = rewrite(bytes, { setHeaders: { 'x-delay': -(delayOf(properties) ?? 0) } });
    vhost.publishBytes(this.#exchange, sent, marks);
    this.#persistence?.left(this.#exchange, address);
    vhost.store.release(address);
  }

  #release(): void {
    for (const [address, { cancel }] of this.#held) {
      cancel();
      this.#exchange.vhost.store.release(address);
    }
    this.#held.clear();
  }
}

function noCancel(): void {}
