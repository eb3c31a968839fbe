import { limits } from '../../limits.ts';
import { ApiError } from '../api-error.ts';
import { pick, type Chosen } from './chosen-columns.ts';
import type { ListQuery, PageQuery } from './list-query.ts';
import type { Column, Listing, Single, Table, View } from './table.ts';

/** Lets others have their turn; resolves when they had it. */
export type Breathe = () => Promise<void>;

/** The items that a list shows, before any of them is worked out. */
export interface Shown<T> {
  readonly items: readonly T[];
  /** Stands around the items of a page; undefined: the whole list is asked for. */
  readonly page: PageFacts | undefined;
  readonly render: (item: T) => Readonly<Record<string, unknown>>;
}

/** What a page tells beside its items. */
export interface PageFacts {
  readonly filtered_count: number;
  readonly item_count: number;
  readonly page: number;
  readonly page_count: number;
  readonly page_size: number;
  readonly total_count: number;
}

/**
 * Finds out what a list shows: filtered, sorted, cut to a page. Only the items that are left are
 * worked out, and of each only the columns that are asked for. Errors: 400 for a page that is none.
 */
export function show<T>(
  { table, items }: Listing<T>, query: ListQuery, view: View, breathe: Breathe,
): Shown<T> | Promise<Shown<T>> {
  const { page, sort } = query;
  const matches = page?.matches;
  const found = matches === undefined
    ? items
    : items.filter((item) => matches(table.nameOf(item, view)));
  const finish = (sorted: readonly T[]): Shown<T> => ({
    ...cut(sorted, page, items.length),
    render: rendererOf(table, query, view),
  });
  if (sort === undefined) return finish(query.reversed ? found.toReversed() : found);
  const keyOf = (item: T): unknown => keyAt(table.columns[sort[0]!]?.of(item, view), sort.slice(1));
  return sorted(found, keyOf, query.reversed, breathe).then(finish);
}

/** One object, or what is asked for of it. */
export function showOne<T>(
  { table, item }: Single<T>, query: Omit<ListQuery, 'page'>, view: View,
): Readonly<Record<string, unknown>> {
  return rendererOf(table, query, view)(item);
}

/** Makes an object of an item: of the chosen columns, those that it has. */
function rendererOf<T>(
  table: Table<T>, query: Omit<ListQuery, 'page'>, view: View,
): (item: T) => Readonly<Record<string, unknown>> {
  const columns = columnsOf(table, query);
  return (item) => {
    const shown: Record<string, unknown> = {};
    for (const { name, column, chosen } of columns) {
      const value = column.of(item, view);
      if (value !== undefined) shown[name] = pick(value, chosen);
    }
    return shown;
  };
}

interface ChosenColumn<T> {
  readonly name: string;
  readonly column: Column<T>;
  readonly chosen: Chosen;
}

function columnsOf<T>(
  { columns, lean }: Table<T>, { chosen, withoutStatistics, withTotals }: Omit<ListQuery, 'page'>,
): readonly ChosenColumn<T>[] {
  const kept = withoutStatistics && lean !== undefined
    ? new Set([...lean.columns, ...(withTotals ? lean.totals : [])])
    : undefined;
  return Object.entries(columns).flatMap(([name, column]) => {
    const part = chosen === true ? true : chosen.get(name);
    if (part === undefined || kept?.has(name) === false) return [];
    return [{ name, column, chosen: part }];
  });
}

/** Sorted by a key of each item, which is worked out once, some items at a time. */
async function sorted<T>(
  items: readonly T[], keyOf: (item: T) => unknown, reversed: boolean, breathe: Breathe,
): Promise<readonly T[]> {
  const keyed: { readonly item: T; readonly key: unknown }[] = [];
  for (const item of items) {
    keyed.push({ item, key: keyOf(item) });
    if (keyed.length % (limits.listSliceItems * 16) === 0) await breathe();
  }
  keyed.sort((one, other) => compare(one.key, other.key));
  if (reversed) keyed.reverse();
  return keyed.map(({ item }) => item);
}

/** Numbers come before texts, and what is missing before all. */
function compare(one: unknown, other: unknown): number {
  if (one === other) return 0;
  const [first, second] = [rankOf(one), rankOf(other)];
  if (first !== second) return first - second;
  return (one as string) < (other as string) ? -1 : 1;
}

function rankOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return 1;
  if (typeof value === 'boolean') return 2;
  return typeof value === 'string' ? 3 : 0;
}

function keyAt(value: unknown, path: readonly string[]): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return keyAt((value as Readonly<Record<string, unknown>>)[head], rest);
}

function cut<T>(
  found: readonly T[], page: PageQuery | undefined, total: number,
): Pick<Shown<T>, 'items' | 'page'> {
  if (page === undefined) return { items: found, page: undefined };
  const { number, size } = page;
  const count = Math.ceil(found.length / size);
  if (number > Math.max(1, count)) {
    throw new ApiError(400, 'page_out_of_range',
      `Page out of range, page: ${number} page size: ${size}, len: ${found.length}`);
  }
  const items = found.slice((number - 1) * size, number * size);
  return {
    items,
    page: {
      filtered_count: found.length, item_count: items.length, page: number, page_count: count,
      page_size: size, total_count: total,
    },
  };
}
