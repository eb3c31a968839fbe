/** A guide in every room: it is there, it is short, and what it names exists. */
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { root, type ProjectRule, type Rule } from './files.ts';

/** A screen. What is longer has a page of its own beside the guide. */
const guideLinesMax = 60;

/** Rooms whose guide a newcomer looks for; `/*` stands for every folder within. */
const rooms = [
  'browser', 'core', 'core/*', 'core/broker/*', 'demo', 'demo/*', 'node', 'node/testing', 'test', 'test/bench',
  'tools',
];

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };

export const roomsWithoutGuide: ProjectRule = (files) => {
  const folders = new Set(files.map(({ path }) => posix.dirname(path)).flatMap(ancestors));
  const paths = new Set(files.map(({ path }) => path));
  const missing = [...folders].filter((folder) => isRoom(folder) && !paths.has(`${folder}/README.md`));
  return missing.map((folder) => `${folder} has no README.md that says what lives there`);
};

function ancestors(folder: string): string[] {
  return folder === '.' ? [] : [folder, ...ancestors(posix.dirname(folder))];
}

function isRoom(folder: string): boolean {
  return rooms.includes(folder) || rooms.includes(`${posix.dirname(folder)}/*`);
}

export const longGuides: Rule = ({ path, text }) => {
  // The front page has a bound of its own, and so has the page of the bench, which is its manual.
  if (!path.endsWith('/README.md') || path === 'test/bench/README.md') return [];
  const lines = text.trimEnd().split('\n').length;
  return lines > guideLinesMax
    ? [`${path} has ${lines} lines, and a guide is a screen of ${guideLinesMax}: give what is long a page beside it`]
    : [];
};

/** What a page names: files and folders in backticks, targets of links, and scripts of npm. */
export const deadNames: Rule = ({ path, text }) => {
  if (!path.endsWith('.md') || path === 'CHANGELOG.md') return [];
  const prose = text.replace(/^```.*?^```/gms, '');
  const named = [...prose.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name!).filter(isPath);
  const linked = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
  const functions = [...text.matchAll(/\b([A-Z]\w+)\.(\w+) +(core\/[a-z/-]+\.ts)\b/g)];
  const wanted = [...text.matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, script]) => script!);
  return [
    ...named.filter((name) => ![name, posix.join(posix.dirname(path), name)].some(exists))
      .map((name) => `${path} names ${name}, which is not there`),
    ...linked.filter((target) => !exists(posix.join(posix.dirname(path), target)))
      .map((target) => `${path} links to ${target}, which is not there`),
    ...functions.filter(([, owner, name, file]) => !hasMethod(file!, owner!, name!))
      .map(([, owner, name, file]) => `${path} names ${owner}.${name}, which is not in ${file}`),
    ...wanted.filter((script) => !(script in scripts))
      .map((script) => `${path} names npm run ${script}, which is none`),
  ];
};

function hasMethod(file: string, owner: string, name: string): boolean {
  if (!exists(file)) return false;
  const text = readFileSync(root + file, 'utf8');
  return text.includes(`class ${owner}`) && new RegExp(`^ +([a-z]+ )*${name}\\(`, 'm').test(text);
}

/** A file of the sources by its ending, or a path from a folder at the top. */
function isPath(name: string): boolean {
  // What a build or a run of the tests makes is not there on a fresh clone.
  if (/^(dist|test\/results)\b/.test(name)) return false;
  return /^[a-z][a-z0-9./-]*\.(c|css|js|json|md|py|svelte|ts)$/i.test(name) ||
    /^(browser|core|demo|node|test|tools)\/[a-z0-9./-]*$/.test(name);
}

function exists(path: string): boolean {
  return existsSync(root + path);
}
