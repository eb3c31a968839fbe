import { AmqpError } from '../../errors.ts';
import type { FieldTable, FieldValue } from '../../protocol/types.ts';
import { stringTerm, typeName } from '../reply-text.ts';

/**
 * What queue and consumer arguments are checked with. The tables of arguments are made of these;
 * the reasons of a refusal are RabbitMQ's, as terms of Erlang.
 */

export type QueueType = 'classic' | 'quorum' | 'stream';

/** The name that a queue type has in reply texts. */
export function queueTypeText(type: QueueType): string {
  return `rabbit_${type}_queue`;
}

/** Answers the value as the broker uses it; throws `Refusal` where it is wrong. */
export type Check<T> = (value: FieldValue, table: FieldTable) => T;

/** One line of a table of arguments. */
export interface ArgumentSpec<T> {
  /** An argument that another type of queue has is refused; one that none has is not. TOP-8. */
  readonly queueTypes: readonly QueueType[];
  readonly check: Check<T>;
}

type ArgumentSpecs = Readonly<Record<string, ArgumentSpec<unknown>>>;

/** Checked arguments by name; those that were not given are undefined. */
export type Arguments<S extends ArgumentSpecs> = {
  readonly [N in keyof S]: ReturnType<S[N]['check']> | undefined;
};

/** A reason why a value is wrong. */
class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export function preconditionFailed(text: string): AmqpError {
  return new AmqpError('PRECONDITION_FAILED', text);
}

/** Checks one argument: undefined where it was not given, 406 where it is wrong. */
export function checkArgument<T>(
  name: string, check: Check<T>, table: FieldTable, resource: string,
): T | undefined {
  const value = table[name];
  if (value === undefined) return undefined;
  try {
    return check(value, table);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw preconditionFailed(`invalid arg '${name}' for ${resource}: ${error.reason}`);
  }
}

/** Checks all that the type of queue knows, then that there is nothing of another type: 406. */
export function checkArguments<S extends ArgumentSpecs>(
  specs: S, type: QueueType, table: FieldTable, resource: string,
): Arguments<S> {
  const checked: Record<string, unknown> = {};
  for (const [name, { queueTypes, check }] of Object.entries(specs)) {
    if (!queueTypes.includes(type)) continue;
    checked[name] = checkArgument(name, check, table, resource);
  }
  for (const name of Object.keys(table)) {
    if (!Object.hasOwn(specs, name) || specs[name]!.queueTypes.includes(type)) continue;
    throw preconditionFailed(
      `invalid arg '${name}' for ${resource} of queue type ${queueTypeText(type)}`,
    );
  }
  return checked as Arguments<S>;
}

/** The name of an exchange or the like, which RabbitMQ checks before all else. EXC-05. */
export function textArgument(
  table: FieldTable, name: string, resource: string,
): string | undefined {
  const value = table[name];
  if (value === undefined || typeof value === 'string') return value;
  throw preconditionFailed(`invalid type '${typeName(value)}' for arg '${name}' in ${resource}`);
}

export const integer: Check<number> = (value) => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new Refusal(stringTerm(`expected integer, got ${typeName(value)}`));
};

export const notNegative: Check<number> = (value, table) => {
  const count = integer(value, table);
  if (count < 0) throw new Refusal(`{value_negative,${value}}`);
  return count;
};

export const positive: Check<number> = (value, table) => {
  const count = notNegative(value, table);
  if (count === 0) throw new Refusal('{value_zero,0}');
  return count;
};

export const flag: Check<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Refusal(`{unacceptable_type,${typeName(value)}}`);
};

export const text: Check<string> = (value) => {
  if (typeof value === 'string') return value;
  throw new Refusal(`{unacceptable_type,${typeName(value)}}`);
};

/** One of these words; `reason` tells what is wrong with another. */
export function oneOf<const W extends string>(
  words: readonly W[], reason: (word: string) => string,
): Check<W> {
  return (value, table) => {
    const word = text(value, table);
    const known = words.find((each) => each === word);
    if (known === undefined) throw new Refusal(reason(word));
    return known;
  };
}

/** What `parse` makes of the value; `reason` tells what is wrong where that is nothing. */
export function parsed<T>(
  parse: (value: FieldValue) => T | undefined, reason: (value: FieldValue) => string,
): Check<T> {
  return (value) => {
    const result = parse(value);
    if (result === undefined) throw new Refusal(reason(value));
    return result;
  };
}

/** What passes `check` and is right besides; `reason` tells what is wrong with it if it is not. */
export function suchThat<T>(
  check: Check<T>, isRight: (checked: T, table: FieldTable) => boolean,
  reason: (checked: T) => string,
): Check<T> {
  return (value, table) => {
    const checked = check(value, table);
    if (!isRight(checked, table)) throw new Refusal(reason(checked));
    return checked;
  };
}
