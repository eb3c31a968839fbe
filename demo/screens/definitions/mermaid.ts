import type { BindingView, Definitions } from '../../../core/management/index.ts';

/** Definitions as a flow chart of Mermaid: exchanges round, queues as cylinders. */
export function toMermaid({ exchanges, queues, bindings }: Definitions): string {
  const ids = new Map<string, string>();
  const idOf = (kind: string, vhost: string, name: string): string => {
    const key = JSON.stringify([kind, vhost, name]);
    if (!ids.has(key)) ids.set(key, `${kind}${ids.size + 1}`);
    return ids.get(key)!;
  };
  // Every queue is bound to the default exchange, without anybody's doing.
  const own = bindings.filter(({ source }) => source !== '');
  const declared = new Set(exchanges.map(({ vhost, name }) => idOf('exchange', vhost, name)));
  const lines = [
    ...exchanges.map(({ vhost, name, type }) => (
      `${idOf('exchange', vhost, name)}([${quoted(`${name}\n${type}`)}])`
    )),
    // Exchanges that every broker has stand in the picture only where something is bound to them.
    ...new Set(own.map(({ vhost, source }) => [idOf('exchange', vhost, source), source] as const)
      .filter(([id]) => !declared.has(id)).map(([id, name]) => `${id}([${quoted(name)}])`)),
    ...queues.map(({ vhost, name }) => `${idOf('queue', vhost, name)}[(${quoted(name)})]`),
    ...own.map((binding) => {
      const { vhost, source, destination_type: kind, destination } = binding;
      const label = bindingLabel(binding);
      const arrow = label === '' ? '-->' : `-->|${quoted(label)}|`;
      return `${idOf('exchange', vhost, source)} ${arrow} ${idOf(kind, vhost, destination)}`;
    }),
  ];
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** What a line of a picture says: the key, or the headers that must be there. */
export function bindingLabel({ routing_key: key, arguments: table }: BindingView): string {
  const headers = Object.entries(table).map(([name, value]) => `${name}=${String(value)}`);
  return [key, ...headers].filter((part) => part !== '').join(' ');
}

/** Text that Mermaid takes as it is. */
function quoted(text: string): string {
  const escaped = text
    .replaceAll('&', '#amp;').replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;').replaceAll('>', '#gt;')
    .replaceAll('\n', '<br/>');
  return `"${escaped}"`;
}
