import * as v from 'valibot';
import type { Clock, ConnectionInfo, Identity } from '../../core/index.ts';
import { AmqpError } from '../../core/protocol/index.ts';
import {
  isPattern, RuleFirewall, ruleFor, type ClientRule, type Firewall,
} from '../../core/relay/index.ts';
import { isOrigin } from '../origin.ts';
import { jsonOf } from './users.ts';

export type { ClientRule } from '../../core/relay/index.ts';

const pattern = v.pipe(v.string(), v.check(isPattern, 'it is no regular expression'));
const origin = v.pipe(v.string(), v.check(isOrigin, 'it is no origin like https://example.com'),
  v.transform((text) => text.toLowerCase().replace(/\/$/, '')));
const origins = v.pipe(v.union([origin, v.array(origin)]), v.transform((given) => [given].flat()));
const positive = v.pipe(v.number(), v.gtValue(0));

const schema = v.array(v.strictObject({
  origin: v.optional(origins),
  user: v.optional(pattern),
  vhost: v.optional(pattern),
  configure: pattern,
  write: pattern,
  read: pattern,
  routingKey: v.optional(pattern),
  messageBytesMax: v.optional(v.pipe(positive, v.integer())),
  messagesPerSecond: v.optional(positive),
}));

/** Reads a list, or the JSON file of this name. Throws a RangeError that names what is wrong. */
export function readUpstreamRules(given: unknown): readonly ClientRule[] {
  const { success, output, issues } = v.safeParse(schema, jsonOf(given));
  if (success) return output;
  const [issue] = issues;
  const path = v.getDotPath(issue!);
  throw new RangeError(`is wrong${path === null ? '' : ` at '${path}'`}: ${issue!.message}`);
}

/** What a client may do. `token`: whose own permissions count too. Errors: 403, 530. */
export function firewallOf(
  rules: readonly ClientRule[] | undefined, { link, user, vhost }: ConnectionInfo,
  token: Identity | undefined, clock: Clock,
): Firewall | undefined {
  if (token !== undefined && !token.mayOpen(vhost)) {
    throw new AmqpError('NOT_ALLOWED', `access to vhost '${vhost}' refused for user '${user}'`);
  }
  const client = { origin: link.origin, user, vhost };
  const rule = rules && ruleFor(rules, client);
  if (rules !== undefined && rule === undefined) {
    const from = link.origin === undefined ? '' : ` from ${link.origin}`;
    throw new AmqpError('ACCESS_REFUSED',
      `no rule of the gateway lets user '${user}' into vhost '${vhost}'${from}`, [0, 0]);
  }
  if (rule === undefined && token === undefined) return undefined;
  return new RuleFirewall(rule, token, client, clock);
}
