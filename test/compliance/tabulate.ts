/** The compliance matrix: each method and each field of AMQP, the tests that exercise it, and how they ended. */
import { basicProperties, methods } from '../../core/protocol/index.ts';

export interface TestResult {
  readonly test: string;
  /** Methods and fields: 'queue.declare', 'queue.declare.passive', 'queue.declare.arguments.x-expires'. */
  readonly covers: readonly string[];
  readonly result: 'passed' | 'failed' | 'skipped';
}

interface Row {
  readonly name: string;
  readonly tests: readonly TestResult[];
}

const testsNamedMax = 2;

/** 'ifUnused' and 'if-unused' are the same field, in the table's spelling and in the specification's. */
export function kebab(name: string): string {
  return name.replace(/([a-z])([A-Z])(?=[a-z])/g, (_, before, letter) => `${before}-${letter.toLowerCase()}`);
}

/** What there is to be tested, in the order of the specification. */
export function subjects(): string[] {
  const ofMethods = Object.entries(methods).flatMap(([method, { args }]) => [
    method,
    ...args.map(([field]) => kebab(field)).filter((field) => !field.startsWith('reserved'))
      .map((field) => `${method}.${field}`),
  ]);
  return [...ofMethods, ...basicProperties.map(([property]) => `basic.properties.${kebab(property)}`)];
}

export function tabulate(results: readonly TestResult[]): string {
  const known = subjects();
  const rows = known.flatMap((subject) => rowsOf(subject, results));
  const unknown = coveredNames(results).filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`tests cover what AMQP does not have: ${unknown.join(', ')}`);
  const tested = rows.filter((row) => known.includes(row.name) && verdict(row) === 'passed');
  const classes = [...new Set(rows.map(classOf))];
  return [
    '# Compliance matrix',
    '',
    'Written by `npm run matrix` from the results of the last `npm test`; not to be edited.',
    `Of the ${known.length} methods, fields and properties of AMQP 0-9-1 and its extensions ${tested.length} are`,
    'exercised by passing tests of their own. Arguments and headers with a meaning are listed below their field.',
    ...classes.flatMap((name) => ['', ...section(name, rows.filter((row) => classOf(row) === name))]),
    '',
  ].join('\n');
}

function classOf({ name }: Row): string {
  return name.startsWith('basic.properties') ? 'basic properties' : name.slice(0, name.indexOf('.'));
}

function coveredNames(results: readonly TestResult[]): string[] {
  return [...new Set(results.flatMap((result) => result.covers))].sort();
}

/** A method, field or property, and what tests name beneath it if it is a table. */
function rowsOf(subject: string, results: readonly TestResult[]): Row[] {
  const isTable = /\.(arguments|headers)$/.test(subject);
  const beneath = isTable ? coveredNames(results).filter((name) => name.startsWith(`${subject}.`)) : [];
  return [subject, ...beneath].map((name) => ({
    name,
    tests: results.filter(({ covers }) => covers.some((covered) => covered === name || isWithin(covered, name))),
  }));
}

/** Who tests a field of a method, or an argument in a table, tests the method or the table as well. */
function isWithin(covered: string, name: string): boolean {
  return covered.startsWith(`${name}.`);
}

function verdict({ tests }: Row): string {
  const results = tests.map((test) => test.result);
  if (results.includes('failed')) return '**failed**';
  if (results.includes('passed')) return 'passed';
  return results.includes('skipped') ? 'skipped' : '**untested**';
}

function section(title: string, rows: readonly Row[]): string[] {
  const lines = rows.map((row) => `| ${label(row.name)} | ${verdict(row)} | ${testedBy(row)} |`);
  return [`## ${title}`, '', '| | result | tested by |', '|---|---|---|', ...lines];
}

/** Methods stand out; fields and arguments are indented below them. */
function label(name: string): string {
  const [methodClass, method, ...path] = name.split('.');
  if (path.length === 0) return `**${methodClass}.${method}**`;
  return `${'&emsp;'.repeat(path.length)}${path.at(-1)}`;
}

/** The cases of one parametrized test count as one. */
function testedBy({ tests }: Row): string {
  const names = [...new Set(tests.map(({ test }) => test.replace(/\[.*\]$/, '')))];
  const named = names.slice(0, testsNamedMax).map((name) => `\`${name.replaceAll('|', '\\|')}\``).join(', ');
  const more = names.length - testsNamedMax;
  return more > 0 ? `${named} and ${more} more` : named;
}
