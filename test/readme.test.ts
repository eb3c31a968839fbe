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
/** By the heading of their section. */
const programs = new Map(readme.split(/^## /m).flatMap((section) => {
  const code = /```(?:js|ts)\n(.*?)```/s.exec(section)?.[1];
  return code === undefined ? [] : [[section.slice(0, section.indexOf('\n')), code] as const];
}));

function program(heading: string): string {
  const code = programs.get(heading);
  if (code === undefined) throw new Error(`the README has no program under '${heading}'`);
  return code;
}

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

  /** A program with this address in the place of the one it names. */
  const at = (heading: string, address: string, ours: string): string => {
    expect(program(heading)).toContain(address);
    return program(heading).replace(address, ours);
  };

  // The one in a tab is tried in a browser: see browser/entry.test.ts.
  test('there are five of about ten lines, and a test', () => {
    expect(programs.size).toBe(6);
    const short = [...programs].filter(([heading]) => heading.includes(' lines '));
    expect(short).toHaveLength(5);
    for (const [, code] of short) expect(code.split('\n').length).toBeLessThanOrEqual(12);
  });

  test.each(['Ten lines with amqplib', 'Ten lines with the client of TabMQ'])('%s', async (heading) => {
    expect(await firstLineOf(at(heading, 'amqp://localhost', gateway.amqpUrl))).toBe('hello');
  });

  test.runIf(ownGateway)('a browser', async () => {
    const code = at('Ten lines in a browser', 'ws://localhost:15672/ws/amqp', gateway.wsUrl);
    expect(await firstLineOf(browser + code)).toBe('hello');
  });

  test('in process', async () => {
    expect(await firstLineOf(program('Ten lines in process'))).toBe('hello');
  });

  test('a test with a broker of its own', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath, ['--input-type=module', '--eval', program('Replace your RabbitMQ container in tests')],
      { cwd: root, timeout: 60_000 },
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
