import type { FieldTable } from '../../protocol/types.ts';
import { assertSameField } from '../definition/equivalence.ts';
import { resourceText } from '../reply-text.ts';
import { assertSameExchangeArguments, parseExchangeArguments } from './arguments.ts';
import { Exchange, type BindingDestination, type ExchangeHost } from './exchange.ts';
import { checkExchangeType, createMatcher } from './types.ts';

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
  vhost: ExchangeHost, declaration: Required<ExchangeDeclaration>,
): Exchange {
  const { exchange: name, type, arguments: table } = declaration;
  const text = resourceText('exchange', name, vhost.name);
  checkExchangeType(type);
  const { alternateExchange } = parseExchangeArguments(table, text);
  const matcher = createMatcher<BindingDestination>(type, {
    exchange: text,
    arguments: table,
    random: vhost.random,
    nameOf: ({ kind, name }) => `${kind} ${name}`,
    queueTypeOf: (one) => (one.kind === 'queue' ? one.settings.type : undefined),
  });
  return new Exchange(vhost, name, { ...declaration, type, alternateExchange }, matcher);
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
