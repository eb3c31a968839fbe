import * as v from 'valibot';
import type { FieldTable } from '../protocol/types.ts';
import { badRequest, type ApiError } from './api-error.ts';
import { keysMissing } from './terms.ts';

// What the fields of a request may be. One schema checks a field, says what is wrong with it in
// RabbitMQ's words, and describes it in the OpenAPI document.

/** A schema of any field or body. */
export type Schema = v.GenericSchema;

/** A reason that is a list: schemas can only say texts. */
function listed(...reason: readonly unknown[]): string {
  return LISTED + JSON.stringify(reason);
}

const LISTED = '\u0000';

/** A truth value, which rabbitmqadmin sends as a text. */
export const flag = v.pipe(
  v.union([v.boolean(), v.picklist(['true', 'false'])], ({ input }) => (
    listed('not_boolean', input))),
  v.transform((value) => value === true || value === 'true'),
);

const notInteger = ({ input }: { readonly input: unknown }): string => listed('not_integer', input);

/** A whole number, or the text of one. */
export const integer = v.pipe(
  v.union([v.number(), v.string()], notInteger),
  v.check((value) => /^-?\d{1,15}$/.test(String(value)), notInteger),
  v.transform(Number),
);

/** A text of any length. */
export const text = v.string(({ input }) => expected('a text', input));

function expected(what: string, input: unknown): string {
  return `${what} was expected, and not ${JSON.stringify(input)}`;
}

/** A JSON object; RabbitMQ writes an empty one as an empty list. */
export const object = v.pipe(
  v.custom<Readonly<Record<string, unknown>> | readonly never[]>((value) => (
    Array.isArray(value) ? value.length === 0 : typeof value === 'object' && value !== null),
  ({ input }) => expected('a JSON object', input)),
  v.transform((value): Readonly<Record<string, unknown>> => (
    Array.isArray(value) ? {} : value as Readonly<Record<string, unknown>>)),
);

/** Arguments of a declaration. */
export const table = v.pipe(
  v.nullish(object, {}), v.transform((value) => tableValue(value) as FieldTable),
);

/** No field table holds null: RabbitMQ refuses it. */
function tableValue(value: unknown): unknown {
  if (value === null) throw badRequest('null_not_allowed');
  if (Array.isArray(value)) return value.map(tableValue);
  // In process a value may be of any class that a field table holds.
  if (typeof value !== 'object' || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tableValue(item)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Tags, as a list or as words between commas. */
export const tags = v.pipe(
  v.union([v.string(), v.array(v.string())], 'tags are a list of texts, or words between commas'),
  v.transform((value) => (typeof value === 'string'
    ? value.split(',').map((word) => word.trim()).filter((word) => word !== '')
    : value)),
);

/** Whatever it is, something else looks at it. */
export const anything = v.unknown();

/** A flag that is false where it is absent. */
export const optionalFlag = v.nullish(flag, false);

/** The body of a request as its schema reads it, or why it is refused. */
export function readBody<S extends Schema>(schema: S, body: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  throw complaint(result.issues);
}

function complaint(issues: readonly v.BaseIssue<unknown>[]): ApiError {
  const missing = issues.filter(isMissing).map(({ path }) => String(path!.at(-1)!.key));
  if (missing.length > 0) return badRequest(keysMissing(missing));
  const { message, path } = issues[0]!;
  if (message.startsWith(LISTED)) return badRequest(JSON.parse(message.slice(LISTED.length)));
  const place = path?.map(({ key }) => String(key)).join('.') ?? '';
  return badRequest(place === '' ? message : `${place}: ${message}`);
}

function isMissing({ received, path }: v.BaseIssue<unknown>): boolean {
  return received === 'undefined' && path?.length === 1;
}
