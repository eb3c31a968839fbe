/** Rules about the size, the names and the words of files. */
import ts from 'typescript';
import { isCode, isScript, isTest, type ProjectFile, type Rule } from './files.ts';

const fileLinesMax = 500;
const functionLinesMax = 70;

export const longLines: Rule = (file) => {
  if (!isCode(file)) return [];
  const columnsMax = isTest(file) ? 120 : 100;
  return file.text.split('\n').flatMap((line, index) => {
    const columns = [...line].length;
    return columns > columnsMax ? [`${file.path}:${index + 1} has ${columns} columns`] : [];
  });
};

export const longFiles: Rule = (file) => {
  const lines = file.text.split('\n').length - 1;
  return isCode(file) && lines > fileLinesMax ? [`${file.path} has ${lines} lines`] : [];
};

export const longFunctions: Rule = (file) => {
  if (!isScript(file)) return [];
  const found: string[] = [];
  const source = parse(file);
  const lineOf = (position: number): number =>
    source.getLineAndCharacterOfPosition(position).line + 1;
  visit(source, (node) => {
    if (!ts.isFunctionLike(node) || isSuite(node)) return;
    const first = lineOf(node.getStart(source));
    const lines = lineOf(node.end) - first + 1;
    if (lines > functionLinesMax) found.push(`${file.path}:${first} is a function of ${lines} lines`);
  });
  return found;
};

/** A function that registers tests is a list of them, not something to follow step by step. */
function isSuite(node: ts.SignatureDeclaration): boolean {
  const body = 'body' in node ? node.body : undefined;
  if (body === undefined || !ts.isBlock(body)) return false;
  return body.statements.some((statement) => /^(describe|test|it)\b/.test(statement.getText()));
}

/** Python's modules cannot have a hyphen in their name, and pages to be seen first stand in capitals. */
export const oddNames: Rule = ({ path }) => {
  if (path.endsWith('.py') || /(^|\/)[A-Z]+\.md$/.test(path)) return [];
  const names = path.split('/').filter((name) => !/^\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(name));
  return names.map((name) => `${path}: "${name}" is not in kebab case`);
};

/** Each is written with a bracket so that this file does not break its own rule. */
const bannedWords = [
  /\bTO[D]O\b/,
  /\bFIX[M]E\b/,
  /\bXX[X]\b/,
  /\bHAC[K]\b/,
  /\bfor no[w]\b/i,
  /[/]wor[k][/]/,
  /\.\.[/]share[d]\b/,
  /\b(tes[t]|describe|i[t])\.(only|skip|todo)\b/,
];

export const banned: Rule = ({ path, text }) =>
  text.split('\n').flatMap((line, index) => {
    const word = bannedWords.map((pattern) => pattern.exec(line)?.[0]).find(Boolean);
    return word === undefined ? [] : [`${path}:${index + 1} says "${word}"`];
  });

const parsed = new WeakMap<ProjectFile, ts.SourceFile>();

/** The same tree for every rule that asks. */
export function parse(file: ProjectFile): ts.SourceFile {
  const known = parsed.get(file) ?? ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  parsed.set(file, known);
  return known;
}

export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** Comments of a script, each by the line on which it begins. */
export function commentsOf(file: ProjectFile): { readonly line: number; readonly text: string }[] {
  const source = parse(file);
  const found = new Map<number, string>();
  visit(source, (node) => {
    const ranges = [
      ...ts.getLeadingCommentRanges(file.text, node.pos) ?? [],
      ...ts.getTrailingCommentRanges(file.text, node.end) ?? [],
    ];
    for (const { pos, end } of ranges) found.set(pos, file.text.slice(pos, end).replace(/^\/[/*]+|\*\/$/g, ''));
  });
  return [...found].map(([at, text]) => ({ line: source.getLineAndCharacterOfPosition(at).line + 1, text }));
}
