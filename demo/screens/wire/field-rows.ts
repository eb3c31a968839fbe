import type { Dissected } from '../../../core/protocol/index.ts';

/** One line of the tree of fields. */
export interface FieldRow {
  /** Place in the tree: `0/4/2`. */
  readonly id: string;
  readonly depth: number;
  readonly name: string;
  readonly value: string;
  /** `octet`, `string` and so on, where the value shows it. */
  readonly offset: number;
  readonly length: number;
  /** The bits of the octets that count; undefined: all. */
  readonly mask: number | undefined;
  readonly hasChildren: boolean;
}

/** Longest value that a line shows. */
const VALUE_CHARS_MAX = 200;

/** The tree of a frame, line by line, from top to bottom. */
export function fieldRows(nodes: readonly Dissected[]): readonly FieldRow[] {
  const rows: FieldRow[] = [];
  const add = (node: Dissected, id: string, depth: number): void => {
    const { name, offset, length, mask, children = [] } = node;
    rows.push({
      id, depth, name, value: formatValue(node), offset, length, mask,
      hasChildren: children.length > 0,
    });
    children.forEach((child, i) => add(child, `${id}/${i}`, depth + 1));
  };
  nodes.forEach((node, i) => add(node, String(i), 0));
  return rows;
}

/** The innermost field that an octet belongs to; bits stand under the octet that holds them. */
export function fieldAt(rows: readonly FieldRow[], octet: number): FieldRow | undefined {
  return rows.findLast(({ offset, length, mask }) => (
    mask === undefined && octet >= offset && octet < offset + length
  ));
}

function formatValue({ name, value, children }: Dissected): string {
  if (value === undefined) return '';
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (value instanceof Date) return value.toISOString();
  if (name === 'flags' || name === 'bits') {
    const set = children?.filter((child) => child.value === true).map((child) => child.name);
    return set?.length ? set.join(', ') : 'none';
  }
  const text = typeof value === 'string' ? value : String(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}
