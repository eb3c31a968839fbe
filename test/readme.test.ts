/** What the front page and the guides show must run as it stands there, and what they list must be all there is. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { kebabOf, settingNames } from '../node/settings.ts';
import { ownGateway, useGateway } from './clients/gateway.ts';
import { nextEvent } from './clients/waiting.ts';
import { programsOf } from './support/guides.ts';
import { projectFiles } from './tidy/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const guides = projectFiles().filter(({ path }) => path.endsWith('.md'));
const programs = guides.flatMap(programsOf);

/** Runs a program until it prints a line. */
async function firstLineOf(program: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  return nextEvent<string>(createInterface(child.stdout), 'line');
}

/** A browser has this global, and so has Node from version 22 on. */
const webSocket = "import { WebSocket } from 'ws'; globalThis.WebSocket = WebSocket;\n";

/** What a program says that it prints, or hello. */
const expectedLine = (code: string): string => /\/\/ prints (.*)/.exec(code)?.[1] ?? 'hello';

const isTest = ({ code }: { readonly code: string }): boolean => code.includes("'node:test'");
/** These run in a browser: see browser/entry.test.ts. */
const isForTab = ({ code }: { readonly code: string }): boolean => code.includes("'tabmq/browser'");
const isForPage = ({ code }: { readonly code: string }): boolean => code.includes('ws://localhost');

describe('the programs of the guides', () => {
  const gateway = useGateway();
  const here = (code: string): string =>
    code.replaceAll('amqp://localhost', gateway.amqpUrl).replaceAll('ws://localhost:15672/ws/amqp', gateway.wsUrl);

  test('the front page has one for each of the four uses', () => {
    expect(programs.filter(({ path }) => path === 'README.md').map(({ heading }) => heading)).toEqual([
      'A server for your programs', 'A broker for your tests', 'A broker in the browser', 'A playground',
    ]);
  });

  const inNode = programs.filter((program) => !isTest(program) && !isForTab(program));
  test.each(inNode.filter((program) => !isForPage(program)))('$heading, in $path', async ({ code }) => {
    expect(await firstLineOf(here(code))).toBe(expectedLine(code));
  });

  test.runIf(ownGateway).each(inNode.filter(isForPage))('$heading, in $path, over WebSocket', async ({ code }) => {
    expect(await firstLineOf(webSocket + here(code))).toBe(expectedLine(code));
  });

  test.each(programs.filter(isTest))('$heading, in $path, a test', async ({ code }) => {
    const { stdout } = await promisify(execFile)(
      process.execPath, ['--input-type=module', '--eval', code], { cwd: root, timeout: 60_000 },
    );
    expect(stdout).toMatch(/pass 1\n.*fail 0\n/);
  });
});

test('the front page has at most 150 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test('every flag of the gateway is described', () => {
  const settings = read('node/SETTINGS.md');
  const flags = settingNames.map((name) => `--${kebabOf(name)}`);
  expect(flags.filter((flag) => !settings.includes(`\`${flag}`))).toEqual([]);
});

test('the guide to tests names every example of a test framework', () => {
  const guide = read('node/testing/README.md');
  const folders = readdirSync(`${root}demo/testing`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.filter(({ name }) => !guide.includes(`\`${name}\` with `))).toEqual([]);
});

test('every example is listed', () => {
  const guide = read('demo/examples/README.md');
  const examples = readdirSync(`${root}demo/examples`).filter((name) => name.endsWith('.ts'));
  expect(examples.filter((example) => !guide.includes(`| \`${example}\` |`))).toEqual([]);
});
