/** The house style as a test, and a sample for each rule that it must notice. */
import { expect, test } from 'vitest';
import { circles } from './tidy/circles.ts';
import { bareCodes, codesWithoutRow, rowsWithoutTest, rowsWithoutUse } from './tidy/codes.ts';
import { projectFiles, type ProjectFile, type ProjectRule, type Rule } from './tidy/files.ts';
import { deadNames, longGuides, roomsWithoutGuide } from './tidy/guides.ts';
import { forbiddenImports } from './tidy/imports.ts';
import { hostCalls, sleeps } from './tidy/ports.ts';
import { banned, longFiles, longFunctions, longLines, oddNames } from './tidy/style.ts';

const longFunction = `function f() {${'\n  g();'.repeat(70)}\n}`;
const longSuite = `describe('x', () => {${'\n  test(x, y);'.repeat(70)}\n});`;
const file = (path: string, text = ''): ProjectFile => ({ path, text });

interface TidyRule {
  readonly title: string;
  readonly rule: Rule;
  /** Each of these breaks the rule once. */
  readonly broken: readonly ProjectFile[];
  readonly kept: ProjectFile;
}

const rules: readonly TidyRule[] = [
  {
    title: 'lines have at most 100 columns, and 120 in tests',
    rule: longLines,
    broken: [file('core/x.ts', '-'.repeat(101)), file('test/x.test.ts', '-'.repeat(121))],
    kept: file('core/x.ts', `${'é'.repeat(100)}\n${'-'.repeat(100)}\n`),
  },
  {
    title: 'files have at most 500 lines',
    rule: longFiles,
    broken: [file('core/x.ts', '\n'.repeat(501))],
    kept: file('core/x.ts', '\n'.repeat(500)),
  },
  {
    title: 'functions have at most 70 lines',
    rule: longFunctions,
    broken: [file('core/x.ts', longFunction), file('test/x.ts', `test('x', ${longFunction});`)],
    kept: file('test/x.test.ts', longSuite),
  },
  {
    title: 'files are named in kebab case',
    rule: oddNames,
    broken: [file('core/fieldTable.ts'), file('core/Broker/queue.ts'), file('core/field_table.ts')],
    kept: file('core/protocol/field-table.test.ts'),
  },
  {
    title: 'nothing is left for later, and nothing names the workplace',
    rule: banned,
    // Written in two parts, so that the rule does not find them here.
    broken: [
      ['// TO', 'DO'],
      ['// fix it, for', ' now'],
      ["cd('/wor", "k/main')"],
      ['te', 'st.only()'],
    ].map((parts) => file('core/x.ts', parts.join(''))),
    kept: file('core/x.ts', '// What works works for nowhere else.'),
  },
  {
    title: 'imports follow the layers',
    rule: forbiddenImports,
    broken: [
      file('core/protocol/x.ts', "import { Subject } from 'rxjs';"),
      file('core/protocol/x.ts', "import type { Session } from '../session/session.ts';"),
      file('core/session/x.ts', "export * from '../broker/broker.ts';"),
      file('core/broker/x.ts', "import { hostClock } from '../clock/host-clock.ts';"),
      file('core/broker/x.ts', "import { once } from 'node:events';"),
      file('node/x.ts', "import { Queue } from '../core/broker/queue/abstract-queue.ts';"),
      file('node/x.ts', "import amqplib from 'amqplib';"),
      file('browser/x.ts', "import { Broker } from '../core/index.ts';"),
      file('browser/x.ts', "import { once } from 'node:events';"),
      file('demo/examples/x.ts', "import { Broker } from '../../core/index.ts';"),
      file('demo/screens/x.ts', "import { Broker } from '../../core/index.ts';"),
    ],
    kept: file('node/x.ts', "import { Broker } from '../core/index.ts'; import ws from 'ws';"),
  },
  {
    title: 'core has no time and no randomness of its own',
    rule: hostCalls,
    broken: ['Date.now()', 'new Date()', 'Math.random()', 'setTimeout(f, 1)', 'performance.now()'].map(
      (text) => file('core/broker/x.ts', text),
    ),
    kept: file('core/broker/x.ts', 'new Date(wall); clock.setTimeout(f); // Date.now()'),
  },
  {
    title: 'tests never sleep',
    rule: sleeps,
    broken: [
      'new Promise((resolve) => setTimeout(resolve, 10))',
      'setTimeout(() => resolve(), 10)',
      "import { setTimeout as later } from 'node:timers/promises'",
      'await sleep(10)',
    ].map((text) => file('test/x.test.ts', text)),
    kept: file('test/x.test.ts', 'setTimeout(() => reject(late), 10)'),
  },
  {
    title: 'a comment says more than the code of a rule',
    rule: bareCodes,
    broken: ['/** QUE-29 */', '// BAS-24 to BAS-26.', 'f(); // See TX-01, TX-02']
      .map((text) => file('core/x.ts', text)),
    kept: file('core/x.ts', "// An empty key counts. QUE-29.\ntest('[QUE-29]');"),
  },
  {
    title: 'a guide has at most 60 lines',
    rule: longGuides,
    broken: [file('core/x/README.md', 'x\n'.repeat(61))],
    kept: file('core/x/README.md', 'x\n'.repeat(60)),
  },
  {
    title: 'pages name what is there',
    rule: deadNames,
    broken: ['`core/nothing.ts`', '`nothing.ts`', '[it](nothing.md)', '`npm run nothing`', '`test/nothing`']
      .map((text) => file('core/README.md', text)),
    kept: file('core/README.md', '`limits.ts` `core/limits.ts` `queue.bind` [it](../README.md#x) `npm run lint` `a/b`'),
  },
];

interface ProjectTidyRule {
  readonly title: string;
  readonly rule: ProjectRule;
  /** Each of these breaks the rule once. */
  readonly broken: readonly (readonly ProjectFile[])[];
  readonly kept: readonly ProjectFile[];
}

const rows = file('core/RULES.md', '| code | rule |\n| QUE-01 | first |\n| QUE-02 | second |');
const uses = file('core/x.ts', '// QUE-01 and QUE-02');

const projectRules: readonly ProjectTidyRule[] = [
  {
    title: 'each code of a rule has its row',
    rule: codesWithoutRow,
    broken: [[rows, file('core/x.ts', '// QUE-01 and QUE-03')], [file('test/x.py', "row='CON-01'")]],
    kept: [rows, uses],
  },
  {
    title: 'each row is in use',
    rule: rowsWithoutUse,
    broken: [[rows, file('core/x.ts', '// QUE-02')]],
    kept: [rows, uses],
  },
  {
    title: 'each row has a test that says so',
    rule: rowsWithoutTest,
    broken: [[rows, uses, file('test/x.test.ts', "test('x [QUE-01]'); // [CON-01], QUE-02")]],
    kept: [rows, file('test/x.test.ts', "test('x [TX-01, QUE-01]');"), file('test/x.py', "row='QUE-02'")],
  },
  {
    title: 'no files import each other in a circle, types included',
    rule: circles,
    broken: [
      [file('core/x.ts', "import './y.ts';"), file('core/y.ts', "import type { X } from './x.ts';")],
      [file('demo/x.svelte', "<script>\n  import Y from './y.svelte';\n</script>"),
        file('demo/y.svelte', "<script>\n  import { z } from './z.ts';\n</script>"),
        file('demo/z.ts', "export * from './x.svelte';")],
    ],
    kept: [file('core/x.ts', "import './y.ts'; import './z.ts';"), file('core/y.ts', "import './z.ts';")],
  },
  {
    title: 'each room has a guide',
    rule: roomsWithoutGuide,
    broken: [[file('core/README.md'), file('core/x/y.ts')], [file('node/x.ts')]],
    kept: [file('core/README.md'), file('core/x/README.md'), file('core/x/z/y.ts'), file('test/README.md'),
      file('test/y/x.ts')],
  },
];

const files = projectFiles();

for (const { title, rule, broken, kept } of rules) {
  test(title, () => {
    expect(files.flatMap(rule)).toEqual([]);
  });

  test(`it is noticed unless ${title}`, () => {
    for (const sample of broken) expect(rule(sample), sample.text).toHaveLength(1);
    expect(rule(kept)).toEqual([]);
  });
}

for (const { title, rule, broken, kept } of projectRules) {
  test(title, () => {
    expect(rule(files)).toEqual([]);
  });

  test(`it is noticed unless ${title}`, () => {
    for (const sample of broken) expect(rule(sample)).toHaveLength(1);
    expect(rule(kept)).toEqual([]);
  });
}

test('the files are found', () => {
  const paths = files.map(({ path }) => path);
  expect(paths).toContain('core/ports.ts');
  expect(paths).toContain('test/tidy.test.ts');
  expect(paths).toContain('package.json');
});
