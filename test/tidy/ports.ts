/** Time, randomness and waiting come through ports alone: in core by rule, in tests by virtue. */
import ts from 'typescript';
import { isTest, type Rule } from './files.ts';
import { parse, visit } from './style.ts';

const hostClock = 'core/clock/host-clock.ts';
const hostGlobals = [
  'clearTimeout',
  'crypto',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
];

export const hostCalls: Rule = (file) => {
  const { path } = file;
  if (!path.startsWith('core/') || !/(?<!\.d)\.ts$/.test(path) || path === hostClock) return [];
  const found: string[] = [];
  const source = parse(file);
  visit(source, (node) => {
    const name = hostName(node, source);
    if (name === undefined) return;
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${path}:${line + 1} uses ${name} and not a port`);
  });
  return found;
};

function hostName(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText(source);
    return text === 'Date.now' || text === 'Math.random' ? text : undefined;
  }
  if (ts.isNewExpression(node)) {
    const unset = node.expression.getText(source) === 'Date' && !node.arguments?.length;
    return unset ? 'new Date()' : undefined;
  }
  if (!ts.isIdentifier(node) || !hostGlobals.includes(node.text)) return undefined;
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  return isMember ? undefined : node.text;
}

/** A deadline is no sleep: it fails the test. These patterns pass after a while whatever happened. */
const sleepPatterns = [
  /setTimeout\(\s*(\(\)\s*=>\s*)?(resolve|done|wake|next)\b/,
  /import\s*\{[^}]*\b(setTimeout|scheduler)\b[^}]*\}\s*from\s*'node:timers\/promises'/,
  /\bAtomics\.wait\(/,
  /\btime\.sleep\(/,
  /\bawait (sleep|delay|pause)\(/,
];

/** The bench is no test: it watches the broker over time. */
const maySleep = /^test\/(bench|tidy)\b/;

export const sleeps: Rule = (file) => {
  if (!isTest(file) || maySleep.test(file.path)) return [];
  return sleepPatterns
    .filter((pattern) => pattern.test(file.text))
    .map((pattern) => `${file.path} sleeps: ${pattern.exec(file.text)?.[0]}`);
};
