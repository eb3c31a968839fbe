/** Results of tests with the methods and fields they cover, from pytest and from vitest. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kebab, type TestResult } from './tabulate.ts';

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A tag in the title of a test, as in `purges what is ready [queue.purge] [queue.purge-ok.messageCount]`. */
const tag = /\s*\[((?:connection|channel|access|exchange|queue|basic|confirm|tx)\.[\w.-]+)\]/g;

/** Reads a list of results, or a report of vitest's JSON reporter. */
export function readResults(path: string): TestResult[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as TestResult[] | VitestReport;
  return Array.isArray(content) ? content : taggedTests(content);
}

export function taggedTests({ testResults }: VitestReport): TestResult[] {
  return testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults.map(({ fullName, status }): TestResult => ({
      test: `${relative(root, file)}: ${fullName.replace(tag, '')}`,
      covers: [...fullName.matchAll(tag)].map((match) => kebab(match[1]!)),
      result: status === 'passed' || status === 'failed' ? status : 'skipped',
    })).filter(({ covers }) => covers.length > 0),
  );
}
