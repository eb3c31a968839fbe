import type * as v from 'valibot';
import type { Access } from './access.ts';
import type { Schema } from './body.ts';
import type { Call } from './call.ts';
import { Listing, Single, type Table } from './lists/table.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** What a route answers, for those who read its description. */
export type Described =
  | { readonly kind: 'value'; readonly schema: Schema }
  | { readonly kind: 'list' | 'single'; readonly table: Table<never> }
  | { readonly kind: 'stream'; readonly mediaType: string }
  | { readonly kind: 'none' };

/** One path and method of the API: who may ask, what comes with it, and what is done. */
export interface Route {
  readonly method: Method;
  /** `/api/queues/:vhost/:queue` */
  readonly path: string;
  readonly access: Access;
  /** What it does, as a sentence without a full stop. */
  readonly says: string;
  /** Parameters of the query beside those of every list, with what each does. */
  readonly query: Readonly<Record<string, string>>;
  /** What the body must be; undefined: it is not looked at. */
  readonly body: Schema | undefined;
  readonly answers: Described;
  readonly handle: (call: Call, body: unknown) => unknown;
}

/** What a route says of itself beside its path and what it does. */
interface Facts {
  readonly says: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** What a route that answers a value says of it. */
interface ValueFacts extends Facts {
  readonly answers: Schema;
}

/** A list of things, of which a caller asks for parts. */
export function list<T>(
  path: string, access: Access, says: string, table: Table<T>,
  items: (call: Call) => Iterable<T>,
): Route {
  return {
    method: 'GET', path, access, says, query: {}, body: undefined,
    answers: { kind: 'list', table: table as Table<never> },
    handle: (call) => new Listing(table, items(call)),
  };
}

/** One thing. */
export function single<T>(
  path: string, access: Access, says: string, table: Table<T>, find: (call: Call) => T,
): Route {
  return {
    method: 'GET', path, access, says, query: {}, body: undefined,
    answers: { kind: 'single', table: table as Table<never> },
    handle: (call) => new Single(table, find(call)),
  };
}

/** A value that is asked for. */
export function get(
  path: string, access: Access, { says, query = {}, answers }: ValueFacts,
  handle: (call: Call) => unknown,
): Route {
  return {
    method: 'GET', path, access, says, query, body: undefined,
    answers: { kind: 'value', schema: answers }, handle,
  };
}

/** A route that sends octets of its own kind. */
export function stream(
  path: string, access: Access, facts: Facts & { readonly mediaType: string },
  handle: (call: Call) => unknown,
): Route {
  const { says, query = {}, mediaType } = facts;
  return {
    method: 'GET', path, access, says, query, body: undefined,
    answers: { kind: 'stream', mediaType }, handle,
  };
}

/** What changes something, and takes no body. */
export function act(
  method: Exclude<Method, 'GET'>, path: string, access: Access,
  { says, query = {}, answers }: Facts & { readonly answers?: Schema },
  handle: (call: Call) => unknown,
): Route {
  return {
    method, path, access, says, query, body: undefined,
    answers: answers === undefined ? { kind: 'none' } : { kind: 'value', schema: answers },
    handle,
  };
}

/** What changes something as its body says. */
export function change<S extends Schema>(
  method: Exclude<Method, 'GET'>, path: string, access: Access,
  { says, query = {}, body, answers }: Facts & { readonly body: S; readonly answers?: Schema },
  handle: (call: Call, body: v.InferOutput<S>) => unknown,
): Route {
  return {
    method, path, access, says, query, body,
    answers: answers === undefined ? { kind: 'none' } : { kind: 'value', schema: answers },
    handle: handle as Route['handle'],
  };
}
