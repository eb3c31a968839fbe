/** What `npm run new` makes: each kind in a copy of what it needs, where its own test passes. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from 'svelte/compiler';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { banned, longLines, oddNames } from '../tidy/style.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'tabmq-new-'));
const copied = [
  'core', 'browser', 'demo', 'test/support', 'test/broker/exchange', 'test/demo/scenarios',
  'test/demo/scenarios.test.ts', 'package.json', 'tsconfig.base.json', '.oxlintrc.json',
];

/** A run of a program in the copy. */
function run(script: string, ...parameters: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...parameters], {
    cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, out: stdout, err: stderr };
}

const runNew = (...parameters: string[]) => run(join(root, 'tools/new.js'), ...parameters);
const textOf = (path: string): string => readFileSync(join(copy, path), 'utf8');

/** Files that a run says it made. */
function made(out: string): string[] {
  return [...out.matchAll(/^made (.*)$/gm)].map(([, path]) => path!);
}

/** Runs test files of the copy with vitest. */
function passes(...parameters: string[]): void {
  const { status, out, err } = run('node_modules/vitest/vitest.mjs', 'run', '--root', copy, ...parameters);
  expect(status, out + err).toBe(0);
}

beforeAll(() => {
  for (const path of copied) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('what is made', () => {
  const outs = new Map<string, string>();

  beforeAll(() => {
    for (const kind of ['lesson', 'exchange', 'screen', 'route']) {
      const { status, out, err } = runNew(kind, 'slow-lane');
      expect([status, err], kind).toEqual([0, '']);
      outs.set(kind, out);
    }
  });

  test('keeps the house style', () => {
    const paths = [...outs.values()].flatMap(made);
    expect(paths.length).toBe(12);
    const files = paths.map((path) => ({ path, text: textOf(path) }));
    expect(files.filter(({ text }) => text.includes('{{'))).toEqual([]);
    for (const rule of [banned, longLines, oddNames]) expect(files.flatMap(rule)).toEqual([]);
    const scripts = paths.filter((path) => path.endsWith('.ts'));
    expect(run('node_modules/oxlint/bin/oxlint', '--deny-warnings', ...scripts)).toMatchObject({ status: 0 });
  });

  test('has right types', () => {
    const paths = ['exchange', 'route'].flatMap((kind) => made(outs.get(kind)!)).concat(
      'core/broker/exchange/types.ts', 'core/management/api.ts', 'core/globals.d.ts',
    );
    const { compilerOptions } = JSON.parse(textOf('tsconfig.base.json')) as { compilerOptions: object };
    const flags = Object.entries({
      ...compilerOptions, noEmit: true, lib: 'ES2023', types: 'node', declaration: false, declarationMap: false,
    }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    expect(run('node_modules/typescript/bin/tsc', '--ignoreConfig', ...flags, ...paths)).toMatchObject({
      status: 0, out: '',
    });
  });

  test('an exchange and a route pass their tests', () => {
    const paths = ['exchange', 'route'].flatMap((kind) => made(outs.get(kind)!));
    passes(...paths.filter((path) => path.endsWith('.test.ts')));
  });

  test('a lesson is the last of the gallery, and passes the tests of lessons', () => {
    const { number } = JSON.parse(textOf('demo/scenarios/slow-lane/coach.json')) as { number: number };
    expect(number).toBe(readdirSync(join(copy, 'demo/scenarios'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory()).length);
    passes('test/demo/scenarios.test.ts', '-t', 'slow-lane');
  });

  test('a screen is one that the compiler of the page takes', () => {
    const source = textOf('demo/screens/slow-lane/slow-lane.svelte');
    expect(compile(source, { generate: 'client' }).warnings).toEqual([]);
    expect(textOf('demo/screens/slow-lane/screen.ts')).toContain("route: 'slow-lane',");
  });

  test('is not made twice', () => {
    for (const kind of outs.keys()) {
      const before = textOf('core/management/api.ts') + textOf('core/broker/exchange/types.ts');
      const { status, err } = runNew(kind, 'slow-lane');
      expect([status, err]).toEqual([1, expect.stringMatching(/^There is .*slow-lane.* already\.\n$/)]);
      expect(textOf('core/management/api.ts') + textOf('core/broker/exchange/types.ts')).toBe(before);
    }
  });
});

test.each([
  [[], 'What is to be made? npm run new -- lesson NAME, or exchange, screen, route.'],
  [['house', 'x'], 'What is to be made? npm run new -- lesson NAME, or exchange, screen, route.'],
  [['constructor', 'x'], 'What is to be made? npm run new -- lesson NAME, or exchange, screen, route.'],
  [['lesson'], 'A name is missing for a lesson: take a noun in kebab case'],
  [['screen', 'Bad_Name'], '"Bad_Name" is no name for a screen: take a noun in kebab case'],
  [['route', '../x'], '"../x" is no name for a route: '],
  [['lesson', 'x'.repeat(41)], 'with 40 letters at most.'],
  [['lesson', 'two', 'names'], 'One name for a lesson, please: "names" is more.'],
  [['lesson', 'hello-world'], 'There is a file demo/scenarios/hello-world/asserts.ts already.'],
  [['exchange', 'direct'], 'There is a file core/broker/exchange/direct.ts already.'],
  [['exchange', 'x-delayed-message'], 'There is an exchange delayed-message already.'],
  [['screen', 'wire'], 'There is a file demo/screens/wire/wire.svelte already.'],
  [['route', 'overview'], 'There is a route overview already.'],
])('%j is refused with a sentence', (parameters, sentence) => {
  const { status, out, err } = runNew(...parameters);
  expect([status, out]).toEqual([1, '']);
  expect(err).toContain(sentence);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(copy, 'demo/scenarios/two'))).toBe(false);
});
