/** What the README shows must run as it stands there, and what it lists must be all there is. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { kebabOf, settingNames } from '../node/settings.ts';
import { ownGateway, useGateway } from './clients/gateway.ts';
import { nextEvent } from './clients/waiting.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const programs = [...readme.matchAll(/```(?:js|ts)\n(.*?)```/gs)].map((match) => match[1]!);

/** Runs a program until it prints a line. */
async function firstLineOf(program: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  return nextEvent<string>(createInterface(child.stdout), 'line');
}

describe('the programs of the README', () => {
  const gateway = useGateway();
  // A browser has this global, and so has Node from version 22 on.
  const browser = "import { WebSocket } from 'ws'; globalThis.WebSocket = WebSocket;\n";

  // The third is tried in a browser: see browser/entry.test.ts.
  test('there are four of about ten lines, and a test', () => {
    expect(programs).toHaveLength(5);
    const short = programs.slice(0, 4);
    for (const program of short) expect(program.split('\n').length).toBeLessThanOrEqual(12);
  });

  test('amqplib', async () => {
    expect(programs[0]).toContain('amqp://localhost');
    const program = programs[0]!.replace('amqp://localhost', gateway.amqpUrl);
    expect(await firstLineOf(program)).toBe('hello');
  });

  test.runIf(ownGateway)('a browser', async () => {
    expect(programs[1]).toContain('ws://localhost:15672/ws/amqp');
    const program = programs[1]!.replace('ws://localhost:15672/ws/amqp', gateway.wsUrl);
    expect(await firstLineOf(browser + program)).toBe('hello');
  });

  test('in process', async () => {
    expect(await firstLineOf(programs[3]!)).toBe('hello');
  });

  test('a test with a broker of its own', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath, ['--input-type=module', '--eval', programs[4]!], { cwd: root, timeout: 15_000 },
    );
    expect(stdout).toMatch(/pass 1\n.*fail 0\n/);
  });
});

test('the README names every flag', () => {
  const flags = settingNames.map((name) => `--${kebabOf(name)}`);
  expect(flags.filter((flag) => !readme.includes(`\`${flag}`))).toEqual([]);
});

test('the README names every example of a test framework', () => {
  const folders = readdirSync(`${root}demo/testing`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.filter(({ name }) => !readme.includes(`\`${name}\` with `))).toEqual([]);
});

test('the README names every example', () => {
  const examples = readdirSync(`${root}demo/examples`);
  expect(examples.filter((example) => !readme.includes(`| \`${example}\` |`))).toEqual([]);
});
