/** Which keys of an object are asked for; `true`: all below. */
export type Chosen = true | ReadonlyMap<string, Chosen>;

/** `name,message_stats.publish` as a tree; undefined: `columns` was not given. */
export function chosenColumns(query: URLSearchParams): Chosen {
  const given = query.get('columns');
  if (given === null) return true;
  const tree = new Map<string, Chosen>();
  for (const path of given.split(',')) {
    if (path !== '') choose(tree, path.split('.'));
  }
  return tree;
}

function choose(tree: Map<string, Chosen>, [head = '', ...rest]: readonly string[]): void {
  const known = tree.get(head);
  if (rest.length === 0) tree.set(head, true);
  else if (known !== true) {
    const below = new Map(known);
    choose(below, rest);
    tree.set(head, below);
  }
}

/** The part of a value that is asked for: of lists, that of each item. */
export function pick(value: unknown, chosen: Chosen): unknown {
  if (chosen === true || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => pick(item, chosen));
  const entries = Object.entries(value)
    .filter(([key]) => chosen.has(key))
    .map(([key, item]) => [key, pick(item, chosen.get(key)!)]);
  return Object.fromEntries(entries);
}
