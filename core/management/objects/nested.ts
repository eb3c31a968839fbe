import type { Table, View } from '../lists/table.ts';

/** Things of one kind within an object of another one. */
export function nested<T>(table: Table<T>, items: Iterable<T>, view: View): readonly object[] {
  const columns = Object.entries(table.columns);
  return [...items].map((item) => {
    const entries = columns.map(([name, column]) => [name, column.of(item, view)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
}
