import * as v from 'valibot';
import type { Schema } from '../body.ts';
import type { Column } from './table.ts';

// Columns by the type of their values. A value that is undefined leaves its key out.

type Of<T, V> = (...args: Parameters<Column<T>['of']>) => V | undefined;

/** A column of any type. */
export function column<T>(schema: Schema, of: Column<T>['of']): Column<T> {
  return { schema, of };
}

export const texts = <T>(of: Of<T, string>): Column<T> => column(v.string(), of);
export const numbers = <T>(of: Of<T, number>): Column<T> => column(v.number(), of);
export const flags = <T>(of: Of<T, boolean>): Column<T> => column(v.boolean(), of);
/** A JSON object whose keys are told of elsewhere. */
export const objects = <T>(of: Of<T, object>): Column<T> => (
  column(v.record(v.string(), v.unknown()), of));
export const arrays = <T>(of: Of<T, readonly unknown[]>): Column<T> => (
  column(v.array(v.unknown()), of));
/** A text, or null where there is none. */
export const textsOrNull = <T>(of: Of<T, string | null>): Column<T> => (
  column(v.nullable(v.string()), of));
/** What RabbitMQ tells and has no meaning here: always null. */
export const nulls = <T>(): Column<T> => column(v.null(), () => null);
/** A value that never changes. */
export const constant = <T>(schema: Schema, value: unknown): Column<T> => (
  column(schema, () => value));
