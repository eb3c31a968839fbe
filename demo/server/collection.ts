/** What a list of the server shows, and what may be done to the things in it. */

/** One thing of a list, as the management API tells it. */
export type Row = Readonly<Record<string, unknown>>;

export interface Column {
  /** Path of the key: `message_stats.publish_details.rate`. */
  readonly key: string;
  readonly title: string;
  /** How it is shown. Default: as a text. */
  readonly as?: 'number' | 'octets' | 'rate' | 'octets-rate' | 'flag' | 'table' | 'list';
  /** Where a click on it leads. */
  readonly href?: (row: Row) => string;
}

interface Offered {
  readonly label: string;
  readonly isOffered?: (row: Row) => boolean;
}

/** What is done by one request. */
export interface Deed extends Offered {
  readonly method: 'DELETE' | 'PUT';
  readonly path: (row: Row) => string;
  readonly body?: (row: Row) => unknown;
  /** What is asked before it is done; absent: nothing. */
  readonly asks?: (row: Row) => string;
}

/** What more has to be said for than which thing. */
export interface FormAction extends Offered {
  readonly form: (row: Row) => Creation;
}

export type Action = Deed | FormAction;

/** A field of the form that makes a new thing. */
export interface Field {
  readonly name: string;
  readonly title: string;
  readonly kind?: 'text' | 'password' | 'number' | 'flag' | 'json' | readonly string[];
  readonly initial?: string;
  readonly hint?: string;
  readonly isOptional?: boolean;
  /** It is a part of the path, and none of the body. */
  readonly inPath?: boolean;
}

/** What was entered, by the names of the fields; each as its kind says. */
export type Values = Readonly<Record<string, unknown>>;

export interface Creation {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly method?: 'PUT' | 'POST';
  readonly path: (values: Values) => string;
  /** Default: the values that are not in the path. */
  readonly body?: (values: Values) => unknown;
  /** What of an answer tells that it was not as wished, in words; '': all is well. */
  readonly regret?: (answer: unknown) => string;
}

export interface Collection {
  /** Part of the address: `users` of `#/admin/users`. */
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly columns: readonly Column[];
  readonly actions?: readonly Action[];
  readonly creation?: Creation;
  /** What whoever looks must be able to do. Default: to look. */
  readonly needs?: 'makePolicies' | 'administer';
  /** Said where there is nothing. */
  readonly empty: string;
  /** Whether the server searches, sorts and cuts it into pages; else it is short. Default: yes. */
  readonly isPaged?: boolean;
}

/** What was entered into a field. Errors: SyntaxError where it is to be JSON and is not. */
export function fieldValue(kind: Field['kind'], text: string): unknown {
  if (kind === 'flag') return text === 'true';
  if (kind === 'number') return Number(text);
  return kind === 'json' ? JSON.parse(text) : text;
}

export function bodyOf({ fields, body }: Creation, values: Values): unknown {
  if (body !== undefined) return body(values);
  const sent = fields.filter(({ inPath }) => inPath !== true);
  return Object.fromEntries(sent.map(({ name }) => [name, values[name]]));
}

/** What lies at a path of keys; undefined: nothing. */
export function valueAt(row: Row, key: string): unknown {
  let value: unknown = row;
  for (const part of key.split('.')) {
    value = (value as Row | undefined | null)?.[part];
  }
  return value;
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function octetsText(octets: number): string {
  let [value, unit] = [octets, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${numbers.format(value)} ${units[unit]!}`;
}

/** Whether its values stand below each other by their last digit. */
export const isNumeric = ({ as = 'text' }: { readonly as?: Column['as'] | 'text' }): boolean =>
  ['number', 'octets', 'rate', 'octets-rate'].includes(as);

/** A value of a column in words. */
export function cellText(value: unknown, as: Column['as']): string {
  if (value === undefined || value === null || value === '') return '';
  if (as === 'flag') return value === true ? 'yes' : '';
  if (as === 'list') return (value as readonly unknown[]).map(String).join(', ');
  if (as === 'table') {
    return Object.entries(value as Row)
      .map(([name, each]) => `${name}=${plainText(each)}`).join(', ');
  }
  if (typeof value !== 'number') return plainText(value);
  if (as === 'octets') return octetsText(value);
  if (as === 'octets-rate') return `${octetsText(value)}/s`;
  return as === 'rate' ? `${numbers.format(value)}/s` : numbers.format(value);
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A part of a path of the API. */
export const part = (value: unknown): string => encodeURIComponent(String(value));

/** `/vhost/name` of a thing. */
export const placeOf = ({ vhost, name }: Row): string => `${part(vhost)}/${part(name)}`;
