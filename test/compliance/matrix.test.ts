/** The compliance matrix, from samples of results. */
import { describe, expect, test } from 'vitest';
import { taggedTests } from './results.ts';
import { subjects, tabulate, type TestResult } from './tabulate.ts';

const result = (name: string, covers: string[], ended: TestResult['result'] = 'passed'): TestResult =>
  ({ test: name, covers, result: ended });

const line = (matrix: string, label: string, after = ''): string =>
  matrix.slice(matrix.indexOf(after)).split('\n').find((row) => row.startsWith(`| ${label} |`)) ?? '';

describe('compliance matrix', () => {
  test('lists every method, field and property, spelled as in the specification', () => {
    expect(subjects()).toEqual(expect.arrayContaining([
      'exchange.unbind-ok', 'queue.delete.if-unused', 'basic.get-ok.message-count', 'basic.properties.app-id',
    ]));
    expect(subjects().filter((name) => name.includes('reserved'))).toEqual([]);
  });

  test('says what is untested, skipped, passed and failed', () => {
    const matrix = tabulate([
      result('a', ['tx.select']), result('b', ['tx.commit'], 'skipped'), result('c', ['tx.rollback'], 'failed'),
    ]);
    expect(line(matrix, '**tx.select**')).toBe('| **tx.select** | passed | `a` |');
    expect(line(matrix, '**tx.commit**')).toBe('| **tx.commit** | skipped | `b` |');
    expect(line(matrix, '**tx.rollback**')).toBe('| **tx.rollback** | **failed** | `c` |');
    expect(line(matrix, '**tx.commit-ok**')).toBe('| **tx.commit-ok** | **untested** |  |');
    expect(matrix).toContain(`Of the ${subjects().length} methods, fields and properties`);
    expect(matrix).toContain('extensions 1 are');
  });

  test('one failure among passing tests is a failure', () => {
    const matrix = tabulate([result('a', ['tx.select']), result('b', ['tx.select'], 'failed')]);
    expect(line(matrix, '**tx.select**')).toBe('| **tx.select** | **failed** | `a`, `b` |');
  });

  test('a test of a field is a test of its method, and not the reverse', () => {
    const matrix = tabulate([result('a', ['queue.purge.queue'])]);
    expect(line(matrix, '**queue.purge**')).toContain('| passed |');
    expect(line(matrix, '&emsp;no-wait', '**queue.purge**')).toContain('| **untested** |');
  });

  test('arguments stand below their table', () => {
    const matrix = tabulate([result('a', ['queue.declare.arguments.x-expires'])]);
    expect(line(matrix, '&emsp;&emsp;x-expires', '**queue.declare**')).toContain('| passed |');
  });

  test('the cases of a test count once, and only the first tests are named', () => {
    const matrix = tabulate(['t[1]', 't[2]', 'u', 'v'].map((name) => result(name, ['tx.select'])));
    expect(line(matrix, '**tx.select**')).toContain('| `t`, `u` and 1 more |');
  });

  test('a name that AMQP does not have is an error', () => {
    expect(() => tabulate([result('a', ['queue.declare.durabel'])])).toThrow('queue.declare.durabel');
  });

  test('titles of vitest tests name what they cover', () => {
    const report = [
      { fullName: 'queue purges [queue.purge] [queue.purge-ok.messageCount]', status: 'passed' },
      { fullName: 'queue says nothing [of note]', status: 'passed' },
      { fullName: 'queue waits [queue.get]', status: 'pending' },
    ];
    const [first, second, ...others] = taggedTests({ testResults: [{ name: 'x.test.ts', assertionResults: report }] });
    expect(first).toMatchObject({ covers: ['queue.purge', 'queue.purge-ok.message-count'], result: 'passed' });
    expect(first!.test).toMatch(/: queue purges$/);
    expect(second!.result).toBe('skipped');
    expect(others).toEqual([]);
  });
});
