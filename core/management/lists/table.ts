import type { Broker } from '../../broker/broker.ts';
import type { Schema } from '../body.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { SampleRequest } from './sample-request.ts';

/** What a column may look at beside the thing that it is of. */
export interface View {
  readonly broker: Broker;
  readonly samples: SampleRequest;
  readonly statistics: Statistics;
}

/** One key of an object of the API: what it is, and how it is found. */
export interface Column<T> {
  readonly schema: Schema;
  /** Undefined: the object has no such key. */
  readonly of: (item: T, view: View) => unknown;
}

/** The keys of one kind of object. A list only works out those that are asked for. */
export class Table<T> {
  /** What one of them is called: `queue`. */
  readonly noun: string;
  readonly columns: Readonly<Record<string, Column<T>>>;
  /** By what `name` filters; default: the column of this name. */
  readonly nameOf: (item: T, view: View) => string;
  /** The columns that stay without statistics, and those that totals add; undefined: all stay. */
  readonly lean: { readonly columns: readonly string[]; readonly totals: readonly string[] } |
    undefined;

  constructor(
    noun: string, columns: Readonly<Record<string, Column<T>>>,
    facts: Partial<Pick<Table<T>, 'nameOf' | 'lean'>> = {},
  ) {
    this.noun = noun;
    this.columns = columns;
    this.nameOf = facts.nameOf ?? ((item, view) => String(columns['name']?.of(item, view) ?? ''));
    this.lean = facts.lean;
  }

  /** The same with more columns: one object alone tells more than a list does. */
  with(columns: Readonly<Record<string, Column<T>>>): Table<T> {
    const { noun, nameOf, lean } = this;
    return new Table(noun, { ...this.columns, ...columns }, { nameOf, ...(lean && { lean }) });
  }
}

/** What a route answers that lists objects. */
export class Listing<T> {
  readonly table: Table<T>;
  readonly items: readonly T[];

  constructor(table: Table<T>, items: Iterable<T>) {
    this.table = table;
    this.items = Array.isArray(items) ? items as readonly T[] : [...items];
  }
}

/** What a route answers that shows one object. */
export class Single<T> {
  readonly table: Table<T>;
  readonly item: T;

  constructor(table: Table<T>, item: T) {
    this.table = table;
    this.item = item;
  }
}
