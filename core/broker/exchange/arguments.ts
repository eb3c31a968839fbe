import type { FieldTable } from '../../protocol/types.ts';
import { textArgument } from '../definition/argument-checks.ts';
import { assertSameArgument } from '../definition/equivalence.ts';

/** What the arguments of any exchange say; those of its type are for types.ts. */
export interface ExchangeSettings {
  /** Where messages go that the exchange has no place for. It need not exist. TYP-11. */
  readonly alternateExchange: string | undefined;
}

/** Checks the arguments of a new exchange, `resource` in reply texts; any fault: 406. EXC-05. */
export function parseExchangeArguments(table: FieldTable, resource: string): ExchangeSettings {
  return { alternateExchange: textArgument(table, 'alternate-exchange', resource) };
}

/** Whether an exchange that exists is declared again with the same arguments; else 406. EXC-04. */
export function assertSameExchangeArguments(
  received: FieldTable, current: FieldTable, resource: string,
): void {
  assertSameArgument('alternate-exchange', received, current, resource);
}
