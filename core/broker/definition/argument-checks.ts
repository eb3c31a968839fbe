import { AmqpError } from '../../errors.ts';
import { isFloat, tagOf } from '../../protocol/field-tags.ts';
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

/** What the other arguments are, and the tag that tells how this one was sent. */
export interface Given {
  readonly table: FieldTable;
  readonly tag: string;
}

/** Answers the value as the broker uses it; throws `Refusal` where it is wrong. */
export type Check<T> = (value: FieldValue, given: Given) => T;

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
    return check(value, { table, tag: tagOf(table, name) });
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
  const type = typeName(value, tagOf(table, name));
  throw preconditionFailed(`invalid type '${type}' for arg '${name}' in ${resource}`);
}

/** An integer of any width; a double is none, however round its value is. */
export const integer: Check<number> = (value, { tag }) => {
  if (typeof value === 'bigint' && tag !== 'T') return Number(value);
  // -0 has a double alone, but in process it may come as it is.
  if (typeof value === 'number' && Number.isInteger(value) && !isFloat(tag)) return value + 0;
  throw new Refusal(stringTerm(`expected integer, got ${typeName(value, tag)}`));
};

export const notNegative: Check<number> = (value, given) => {
  const count = integer(value, given);
  if (count < 0) throw new Refusal(`{value_negative,${value}}`);
  return count;
};

export const positive: Check<number> = (value, given) => {
  const count = notNegative(value, given);
  if (count === 0) throw new Refusal('{value_zero,0}');
  return count;
};

export const flag: Check<boolean> = (value, { tag }) => {
  if (typeof value === 'boolean') return value;
  throw new Refusal(`{unacceptable_type,${typeName(value, tag)}}`);
};

export const text: Check<string> = (value, { tag }) => {
  if (typeof value === 'string') return value;
  throw new Refusal(`{unacceptable_type,${typeName(value, tag)}}`);
};

/** One of these words; `reason` tells what is wrong with another. */
export function oneOf<const W extends string>(
  words: readonly W[], reason: (word: string) => string,
): Check<W> {
  return (value, given) => {
    const word = text(value, given);
    const known = words.find((each) => each === word);
    if (known === undefined) throw new Refusal(reason(word));
    return known;
  };
}

/** What `parse` makes of the value; `reason` tells what is wrong where that is nothing. */
export function parsed<T>(
  parse: (value: FieldValue, tag: string) => T | undefined,
  reason: (value: FieldValue, tag: string) => string,
): Check<T> {
  return (value, { tag }) => {
    const result = parse(value, tag);
    if (result === undefined) throw new Refusal(reason(value, tag));
    return result;
  };
}

/** What passes `check` and is right besides; `reason` tells what is wrong with it if it is not. */
export function suchThat<T>(
  check: Check<T>, isRight: (checked: T, table: FieldTable) => boolean,
  reason: (checked: T) => string,
): Check<T> {
  return (value, given) => {
    const checked = check(value, given);
    if (!isRight(checked, given.table)) throw new Refusal(reason(checked));
    return checked;
  };
}
