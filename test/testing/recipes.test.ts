/** The recipes for one broker per run, each run as printed by the test framework that it is for. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = `${root}node_modules`;
const sections = readFileSync(`${root}node/testing/RECIPES.md`, 'utf8').split(/^## /m).slice(1);
const recipes = new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), section]));

/** Sends a message through the broker of the run, and takes it back. */
const roundTrip = `async () => {
  const connection = await amqplib.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('hello'));
  await channel.waitForConfirms();
  const message = await channel.get(queue, { noAck: true });
  await connection.close();
  if (message.content.toString() !== 'hello') throw new Error('another message came');
}`;

const imported = (framework: string): string =>
  `import amqplib from 'amqplib';\n${framework}\ntest('a round trip', ${roundTrip});\n`;

interface Framework {
  readonly file: string;
  readonly text: string;
  readonly parameters: readonly string[];
  readonly told: RegExp;
}

const frameworks: Readonly<Record<string, Framework>> = {
  Vitest: {
    file: 'orders.test.mjs', text: imported("import { test } from 'vitest';"),
    parameters: [`${modules}/vitest/vitest.mjs`, 'run', '--testTimeout=60000'], told: /Tests +1 passed \(1\)/,
  },
  Jest: {
    file: 'orders.test.cjs',
    text: `const amqplib = require('amqplib');\ntest('a round trip', ${roundTrip});\n`,
    parameters: [
      `${modules}/jest/bin/jest.js`, '--watchman=false', '--testTimeout=60000',
      '--testMatch=**/*.test.cjs',
    ],
    told: /Tests: +1 passed, 1 total/,
  },
  Mocha: {
    file: 'orders.test.mjs', text: imported("import { it as test } from 'mocha';"),
    parameters: [`${modules}/mocha/bin/mocha.js`, '--timeout=60000'], told: /1 passing/,
  },
  'node:test': {
    file: 'orders.test.mjs', text: imported("import { test } from 'node:test';"),
    parameters: ['broker.mjs', 'orders.test.mjs'], told: /# pass 1\n# fail 0/,
  },
  Playwright: {
    file: 'orders.test.mjs', text: imported("import { test } from 'playwright/test';"),
    parameters: [`${modules}/playwright/cli.js`, 'test', '--timeout=60000'], told: /1 passed/,
  },
};

/** This process runs in a framework as well, of which the other one must not know. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, NO_COLOR: '1', CI: 'true' }).filter(([name]) => {
    return !/^(VITEST|JEST|NODE_TEST|TEST$|FORCE_COLOR|NODE_OPTIONS)/.test(name);
  }),
);

/** A project of its own, in which `tabmq` and the frameworks are installed. */
function projectFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-recipe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}/package.json`, '{"private":true}');
  mkdirSync(`${folder}/node_modules`);
  for (const name of readdirSync(modules).filter((each) => !each.startsWith('.'))) {
    symlinkSync(`${modules}/${name}`, `${folder}/node_modules/${name}`);
  }
  // A copy, as what is linked counts as a part of the project, which Playwright compiles anew.
  for (const path of ['package.json', 'dist/lib']) {
    cpSync(`${root}${path}`, `${folder}/node_modules/tabmq/${path}`, { recursive: true });
  }
  return folder;
}

test.each(Object.entries(frameworks))('%s', async (name, { file, text, parameters, told }) => {
  const folder = projectFolder();
  for (const [, path, code] of recipes.get(name)!.matchAll(/^`(\S+)`:\n\n```[cm]js\n(.*?)^```/gms)) {
    writeFileSync(`${folder}/${path}`, code!);
  }
  writeFileSync(`${folder}/${file}`, text);
  // Who leaves a socket or a timer behind never ends, and that is a failure.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters, {
    cwd: folder, env, timeout: 110_000, killSignal: 'SIGKILL',
  });
  expect(stdout + stderr).toMatch(told);
  expect(stderr).not.toContain('did not exit');
});

test('no recipe is left out', () => {
  expect([...recipes.keys()]).toEqual([...Object.keys(frameworks), 'Not run by our tests']);
});
