import { NamePatterns } from '../broker/access/name-patterns.ts';
import { resourceText } from '../broker/reply-text.ts';
import { AmqpError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Clock, Identity } from '../ports.ts';
import type { Block } from '../protocol/bytes.ts';
import { readTableContent } from '../protocol/field-table.ts';
import { locateProperty } from '../protocol/raw-properties.ts';
import { Reader } from '../protocol/reader.ts';
import { methods } from '../protocol/spec.ts';
import type { Method } from '../session/hooks.ts';
import type { Firewall } from './firewall.ts';
import { deedsOf, type Deed } from './permitted-methods.ts';

/**
 * What clients may do that are like this. Patterns are those of permissions: regular expressions,
 * not anchored; an empty one matches no name.
 */
export interface ClientRule {
  /** Pages that it is about, as `https://app.example.com`, or `*` for any. Absent: all clients. */
  readonly origin?: readonly string[] | undefined;
  /** Patterns of users and virtual hosts. Absent: all. */
  readonly user?: string | undefined;
  readonly vhost?: string | undefined;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  /** Routing keys of publishes and bindings. Absent: all. */
  readonly routingKey?: string | undefined;
  /** Largest body. Absent: what the upstream takes. */
  readonly messageBytesMax?: number | undefined;
  /** Publishes in a second, of which as many may come at once. Absent: any number. */
  readonly messagesPerSecond?: number | undefined;
}

/** Whether this can be a pattern of a rule. */
export function isPattern(text: string): boolean {
  try {
    new NamePatterns().match(text, '');
    return true;
  } catch {
    return false;
  }
}

/** Who a client is, as far as rules look at it. */
export interface RuledClient {
  readonly origin: string | undefined;
  readonly user: string;
  readonly vhost: string;
}

/** The first rule that is about this client. */
export function ruleFor(
  rules: readonly ClientRule[], client: RuledClient,
): ClientRule | undefined {
  const patterns = new NamePatterns();
  return rules.find(({ origin, user, vhost }) => (
    (origin === undefined || isOf(origin, client.origin))
      && (user === undefined || patterns.match(user, client.user))
      && (vhost === undefined || patterns.match(vhost, client.vhost))));
}

function isOf(origins: readonly string[], origin: string | undefined): boolean {
  if (origin === undefined) return false;
  return origins.includes('*') || origins.includes(origin.toLowerCase());
}

const PUBLISH = methods['basic.publish'].id;

/** What one client may do by a rule, and by the permissions of its token. */
export class RuleFirewall implements Firewall {
  readonly #rule: ClientRule | undefined;
  readonly #identity: Identity | undefined;
  readonly #client: RuledClient;
  readonly #clock: Clock;
  readonly #patterns = new NamePatterns();
  /** Exchanges that may be published to, by the version of the permissions. */
  readonly #known = new Set<string>();
  #version = 0;
  /** Publishes that may come at once, and when that was worked out. */
  #allowance: number;
  #allowanceAt: number;
  /** Where the message at hand goes. */
  #exchange = '';

  constructor(
    rule: ClientRule | undefined, identity: Identity | undefined, client: RuledClient, clock: Clock,
  ) {
    this.#rule = rule;
    this.#identity = identity;
    this.#client = client;
    this.#clock = clock;
    this.#allowance = rule?.messagesPerSecond ?? Infinity;
    this.#allowanceAt = clock.now();
  }

  method(method: Method): void {
    for (const deed of deedsOf(method)) this.#check(deed, methods[method.name].id);
  }

  publish(exchange: string, routingKey: string): void {
    this.#exchange = exchange;
    this.#forgetChanged();
    if (!this.#known.has(exchange)) {
      this.#check({ permission: 'write', kind: 'exchange', name: exchange }, PUBLISH);
      if (this.#known.size >= limits.allowedNamesMax) this.#known.clear();
      this.#known.add(exchange);
    }
    this.#checkKey('write', exchange, routingKey, PUBLISH);
    this.#count();
  }

  content(bodyBytes: number, block: Block, flagsAt: number, end: number): void {
    const { messageBytesMax = Infinity, routingKey } = this.#rule ?? {};
    if (bodyBytes > messageBytesMax) {
      throw refused(`a message of ${bodyBytes} bytes is larger than the ${messageBytesMax} bytes ` +
        `that user '${this.#client.user}' may publish`, PUBLISH);
    }
    if (routingKey === undefined && this.#identity?.mayUseTopic === undefined) return;
    const headers = locateProperty(block, flagsAt, end, 'headers');
    if (headers === undefined) return;
    const { CC, BCC } = readTableContent(new Reader(block.bytes, headers.start, headers.end));
    for (const keys of [CC, BCC]) {
      if (!Array.isArray(keys)) continue;
      for (const key of keys) {
        if (typeof key === 'string') this.#checkKey('write', this.#exchange, key, PUBLISH);
      }
    }
  }

  #check({ permission, kind, name, routingKey }: Deed, method: readonly [number, number]): void {
    const { vhost, user } = this.#client;
    const shown = kind === 'exchange' && name === '' ? 'amq.default' : name;
    const asked = permission === 'any' ? (['configure', 'write', 'read'] as const) : [permission];
    const rule = this.#rule;
    const isAllowed = asked.some((each) => (
      (rule === undefined || this.#patterns.match(rule[each], shown))
        && this.#identity?.may?.(each, kind, name, vhost) !== false));
    if (!isAllowed) {
      throw refused(`access to ${resourceText(kind, shown, vhost)} refused for user '${user}'`,
        method);
    }
    if (routingKey !== undefined) this.#checkKey('read', name, routingKey, method);
  }

  #checkKey(
    permission: 'write' | 'read', exchange: string, key: string, method: readonly [number, number],
  ): void {
    const pattern = this.#rule?.routingKey;
    const { vhost, user } = this.#client;
    const isAllowed = (pattern === undefined || this.#patterns.match(pattern, key))
      && this.#identity?.mayUseTopic?.(permission, exchange, vhost, key) !== false;
    if (isAllowed) return;
    const place = resourceText('exchange', exchange, vhost);
    throw refused(`access to routing key '${key}' in ${place} refused for user '${user}'`, method);
  }

  /** What a second brings anew is kept for one second. */
  #count(): void {
    const perSecond = this.#rule?.messagesPerSecond;
    if (perSecond === undefined) return;
    const now = this.#clock.now();
    const earned = ((now - this.#allowanceAt) / 1000) * perSecond;
    this.#allowance = Math.min(Math.max(1, perSecond), this.#allowance + earned);
    this.#allowanceAt = now;
    if (this.#allowance < 1) {
      throw refused(`user '${this.#client.user}' may publish ${perSecond} messages a second`,
        PUBLISH);
    }
    this.#allowance--;
  }

  #forgetChanged(): void {
    const version = this.#identity?.changes?.version ?? 0;
    if (version === this.#version) return;
    this.#version = version;
    this.#known.clear();
  }
}

function refused(text: string, method: readonly [number, number]): AmqpError {
  return new AmqpError('ACCESS_REFUSED', `${text} by the rules of the gateway`, method);
}
