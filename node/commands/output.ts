import Table from 'cli-table3';

/** Values of one row by the names of their columns, which may be dotted. */
export type Row = Readonly<Record<string, unknown>>;

/** A table for people: columns and no lines, so that it can be cut and searched. */
export function tableOf(rows: readonly Row[], columns: readonly string[]): string {
  const table = new Table({
    head: [...columns],
    chars: Object.fromEntries([
      'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left',
      'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid',
    ].map((place) => [place, '']).concat([['middle', ' ']])),
    style: { 'head': [], 'border': [], 'padding-left': 0, 'padding-right': 1, 'compact': true },
  });
  for (const row of rows) table.push(columns.map((column) => shown(valueAt(row, column))));
  return table.toString().replace(/ +$/gm, '');
}

/** The value that a column names: `message_stats.publish` is one below another. */
export function valueAt(row: unknown, column: string): unknown {
  const has = (value: unknown, key: string): value is Record<string, unknown> => (
    typeof value === 'object' && value !== null && Object.hasOwn(value, key));
  if (has(row, column)) return row[column];
  let value = row;
  for (const key of column.split('.')) value = has(value, key) ? value[key] : undefined;
  return value;
}

/** Names come from clients: what could play tricks on a terminal is shown as what it is. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{C}/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** Facts of one thing, one a line. */
export function factsOf(facts: Row): string {
  const width = Math.max(0, ...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts).map(([name, value]) => {
    return `${name.padEnd(width)}  ${shown(value)}`;
  }).join('\n');
}
