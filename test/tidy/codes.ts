/** Each code of a rule, such as QUE-29, has a row in core/RULES.md and a test that bears it. */
import { isScript, isTest, type ProjectFile, type ProjectRule, type Rule } from './files.ts';
import { commentsOf } from './style.ts';

const RULES = 'core/RULES.md';
const code = /\b(?:API|BAS|CHN|CNF|CON|DEF|EXC|IMM|LIM|NEW|POL|PRM|QUE|TOP|TX|TYP|WSK)-\d+\b/g;

/** Where a test names the rules that it is about, in TypeScript and in Python. */
const titles = [/\[([A-Z]{2,3}-\d+(?:, [A-Z]{2,3}-\d+)*)\]/g, /\brow(?:=|: )'([^']*)'/g,
  /^\s*(?:steps|pipelined|wrongArgument)\(\s*'([^']*)'/gm];

const isSource = (file: ProjectFile): boolean => isScript(file) || /\.(py|svelte)$/.test(file.path);

function rowsOf(files: readonly ProjectFile[]): Set<string> {
  const text = files.find(({ path }) => path === RULES)?.text ?? '';
  return new Set([...text.matchAll(/^\| ([A-Z]{2,3}-\d+) \|/gm)].map(([, row]) => row!));
}

/** Every code that a source names, with the first file that does. */
function used(files: readonly ProjectFile[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, text } of files.filter(isSource)) {
    // The samples of this very rule are no use of it.
    if (path.startsWith('test/tidy')) continue;
    for (const [name] of text.matchAll(code)) if (!found.has(name)) found.set(name, path);
  }
  return found;
}

export const codesWithoutRow: ProjectRule = (files) => {
  const rows = rowsOf(files);
  return [...used(files)].filter(([name]) => !rows.has(name))
    .map(([name, path]) => `${path} names ${name}, which has no row in ${RULES}`);
};

export const rowsWithoutUse: ProjectRule = (files) => {
  const names = used(files);
  return [...rowsOf(files)].filter((row) => !names.has(row)).map((row) => `${RULES}: nothing names ${row}`);
};

export const rowsWithoutTest: ProjectRule = (files) => {
  const tests = files.filter((file) => isTest(file) && isSource(file)).map(({ text }) => text);
  const tested = new Set(tests.flatMap((text) => titles.flatMap((title) =>
    [...text.matchAll(title)].flatMap(([, named]) => named!.match(code) ?? []))));
  return [...rowsOf(files)].filter((row) => !tested.has(row)).map((row) => `${RULES}: no test is titled [${row}]`);
};

/** A reader who has not the rules at hand must understand a comment all the same. */
export const bareCodes: Rule = (file) => {
  if (!isScript(file)) return [];
  return commentsOf(file).flatMap(({ line, text }) => {
    const rest = text.replace(code, '').replace(/\b(and|or|see|to)\b/gi, '');
    return rest !== text && !/\w/.test(rest) ? [`${file.path}:${line} says "${text.trim()}" and no more`] : [];
  });
};
