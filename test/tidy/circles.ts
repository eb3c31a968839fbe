/** Who imports whom in a circle: then no file of it can be read, tested or moved without the others. */
import { posix } from 'node:path';
import ts from 'typescript';
import { type ProjectFile, type ProjectRule } from './files.ts';

/** Rooms whose files are one circle each. */
const knots: readonly RegExp[] = [
  /^core\/broker\/((broker|stats)\.ts|connection\/|told\/|durable\/recovery\.ts)/, /^core\/client\//,
  /^core\/sim\//,
];

/** Circles of imports in what is no test, those of types included. */
export const circles: ProjectRule = (files) => {
  const graph = importGraph(files);
  return [...new Set(circlesIn(graph))];
};

function importGraph(files: readonly ProjectFile[]): ReadonlyMap<string, readonly string[]> {
  const sources = files.filter(({ path }) => /^(core|node|browser|demo)\/.*\.(ts|svelte)$/.test(path));
  return new Map(sources.map(({ path, text }) => [path, importsOf(path, text)]));
}

function importsOf(path: string, text: string): string[] {
  const script = path.endsWith('.svelte') ? [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].join('\n') : text;
  return ts.preProcessFile(script, true, true).importedFiles
    .map(({ fileName }) => posix.join(posix.dirname(path), fileName.replace(/\?.*/, '')));
}

/** Each by the files of it, found on the way down from one of them. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const way: string[] = [];
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const at = way.indexOf(path);
    if (at >= 0) {
      const circle = way.slice(at);
      if (!knots.some((knot) => circle.every((file) => knot.test(file)))) found.push(circle.join(' imports '));
    }
    if (seen.has(path)) return;
    seen.add(path);
    way.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    way.pop();
  };
  for (const path of graph.keys()) visit(path);
  return found;
}
