/** The picture of definitions as a file of its own: SVG, with its colours in it. */
import type { Definitions } from '../../../core/management/index.ts';
import { bindingLabel } from './mermaid.ts';

const NODE = { width: 180, height: 52 };
const COLUMN_PX = 340;
const ROW_PX = 84;
const MARGIN_PX = 32;

interface Node {
  readonly kind: 'exchange' | 'queue';
  readonly name: string;
  readonly detail: string;
  readonly x: number;
  readonly y: number;
}

const colours = {
  exchange: { line: '#a86400', fill: '#fcf1df' },
  queue: { line: '#0f7a59', fill: '#e0f4ec' },
} as const;

export function toSvg({ exchanges, queues, bindings }: Definitions): string {
  const nodes = new Map<string, Node>();
  const put = (kind: Node['kind'], vhost: string, name: string, detail: string): void => {
    const key = keyOf(kind, vhost, name);
    if (nodes.has(key)) return;
    const row = [...nodes.values()].filter((each) => each.kind === kind).length;
    const x = MARGIN_PX + (kind === 'exchange' ? 0 : COLUMN_PX);
    nodes.set(key, { kind, name, detail, x, y: MARGIN_PX + row * ROW_PX });
  };
  for (const { vhost, name, type } of exchanges) put('exchange', vhost, name, type);
  const own = bindings.filter(({ source }) => source !== '');
  for (const { vhost, source } of own) put('exchange', vhost, source, '');
  for (const { vhost, name, arguments: table } of queues) {
    put('queue', vhost, name, Object.keys(table).join(', '));
  }
  const lines = own.flatMap((binding) => {
    const { vhost, source, destination_type: kind, destination } = binding;
    const from = nodes.get(keyOf('exchange', vhost, source));
    const to = nodes.get(keyOf(kind, vhost, destination));
    if (from === undefined || to === undefined) return [];
    return [drawLine(from, to, bindingLabel(binding))];
  });
  const all = [...nodes.values()];
  const width = COLUMN_PX + NODE.width + 2 * MARGIN_PX;
  const height = Math.max(0, ...all.map(({ y }) => y)) + NODE.height + MARGIN_PX;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" ' +
      'orient="auto"><path d="M0 0L8 4L0 8z" fill="#8a94a4"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...lines,
    ...all.map(drawNode),
    '</svg>',
  ].join('\n');
}

function keyOf(kind: string, vhost: string, name: string): string {
  return JSON.stringify([kind, vhost, name]);
}

function drawNode({ kind, name, detail, x, y }: Node): string {
  const { line, fill } = colours[kind];
  const radius = kind === 'exchange' ? NODE.height / 2 : 6;
  const textX = x + NODE.width / 2;
  const nameY = y + (detail === '' ? 31 : 23);
  return [
    `<rect x="${x}" y="${y}" width="${NODE.width}" height="${NODE.height}" rx="${radius}" ` +
      `fill="${fill}" stroke="${line}"/>`,
    `<text x="${textX}" y="${nameY}" text-anchor="middle" font-weight="600">` +
      `${escaped(name)}</text>`,
    detail === '' ? ''
      : `<text x="${textX}" y="${y + 40}" text-anchor="middle" fill="#566071" font-size="11">` +
        `${escaped(detail)}</text>`,
  ].join('');
}

/** To the right side of an exchange where one exchange passes on to another, else to the left. */
function drawLine(from: Node, to: Node, label: string): string {
  const same = from.x === to.x;
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [same ? to.x + NODE.width : to.x, to.y + NODE.height / 2];
  const bend = 70;
  const [c1, c2] = [x1 + bend, same ? x2 + bend : x2 - bend];
  const text = label === '' ? ''
    : `<text x="${(c1 + c2) / 2}" y="${(y1 + y2) / 2 - 6}" text-anchor="middle" font-size="11" ` +
      'paint-order="stroke" stroke="#ffffff" stroke-width="3" fill="#171b22">' +
      `${escaped(label)}</text>`;
  return `<path d="M${x1} ${y1}C${c1} ${y1} ${c2} ${y2} ${x2} ${y2}" fill="none" ` +
    `stroke="#8a94a4" stroke-width="1.5" marker-end="url(#tip)"/>${text}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
