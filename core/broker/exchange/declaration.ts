import { AmqpError } from '../../errors.ts';
import type { FieldTable } from '../../protocol/types.ts';
import { assertSameField } from '../definition/equivalence.ts';
import { resourceText } from '../reply-text.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { assertSameExchangeArguments, parseExchangeArguments } from './arguments.ts';
import { DelayedMatcher } from './delayed.ts';
import { Exchange, type BindingDestination } from './exchange.ts';
import type { Matcher } from './matcher.ts';
import { createMatcher, isMatchingType } from './types.ts';

/** What exchange.declare says of an exchange. */
export interface ExchangeDeclaration {
  readonly exchange: string;
  readonly type: string;
  /** Each flag is false where it is absent. */
  readonly durable?: boolean;
  readonly autoDelete?: boolean;
  /** Clients may not publish to it. */
  readonly internal?: boolean;
  readonly arguments?: FieldTable;
}

/**
 * Makes an exchange as declared, without adding it to its virtual host. Errors: 406 for an
 * unknown type (TOP-4) and for arguments that the type does not accept.
 */
export function createExchange(
  vhost: VirtualHost, declaration: Required<ExchangeDeclaration>,
): Exchange {
  const { exchange: name, type, arguments: table } = declaration;
  const text = resourceText('exchange', name, vhost.name);
  const { alternateExchange } = parseExchangeArguments(table, text);
  const matcher = matcherOf(vhost, type, table, text);
  return new Exchange(vhost, name, { ...declaration, alternateExchange }, matcher);
}

/** Whether an exchange that exists is what is declared; else 406. EXC-04. */
export function assertSameExchange(
  current: Exchange, declaration: Required<ExchangeDeclaration>,
): void {
  const { options, text } = current;
  assertSameField('type', declaration.type, options.type, text);
  assertSameField('durable', declaration.durable, options.durable, text);
  assertSameField('auto_delete', declaration.autoDelete, options.autoDelete, text);
  assertSameField('internal', declaration.internal, options.internal, text);
  assertSameExchangeArguments(declaration.arguments, options.arguments, text);
}

/** An unknown type is refused before anything else about the exchange is looked at. TOP-4. */
export function checkExchangeType(type: string): void {
  if (isMatchingType(type) || type === 'x-delayed-message' || type === 'x-recent-history') return;
  throw new AmqpError('PRECONDITION_FAILED', `unknown exchange type '${type}'`);
}

function matcherOf(
  vhost: VirtualHost, type: string, table: FieldTable, text: string,
): Matcher<BindingDestination> {
  if (type === 'x-delayed-message') {
    return new DelayedMatcher(matcherOf(vhost, delayedTypeOf(table), table, text));
  }
  const matching = type === 'x-recent-history' ? 'fanout' : type;
  checkExchangeType(matching);
  if (!isMatchingType(matching)) throw new Error(`broken invariant: unknown type ${matching}`);
  return createMatcher<BindingDestination>(matching, {
    exchange: text,
    arguments: table,
    random: vhost.random,
    nameOf: ({ kind, name }) => `${kind} ${name}`,
    queueTypeOf: (one) => (one.kind === 'queue' ? one.settings.type : undefined),
  });
}

/** The type by which delayed messages are routed when they are due; an unknown one: 406. TYP-06. */
function delayedTypeOf(table: FieldTable): string {
  const type = table['x-delayed-type'];
  if (typeof type !== 'string' || !isMatchingType(type)) {
    throw new AmqpError('PRECONDITION_FAILED',
      'Invalid argument, \'x-delayed-type\' must be an existing exchange type');
  }
  return type;
}
