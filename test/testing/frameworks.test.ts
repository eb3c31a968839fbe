/** The examples in demo/testing, each run by the test framework that it is for. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../demo/testing/', import.meta.url));
const modules = '../../node_modules';

/**
 * What Node is called with in that folder, and what is said when all tests have passed. The few seconds that
 * frameworks give a test are those of a machine with nothing else to do.
 */
const frameworks: Readonly<Record<string, readonly [parameters: readonly string[], told: RegExp]>> = {
  vitest: [[`${modules}/vitest/vitest.mjs`, 'run', '--root', 'vitest', '--testTimeout=60000'], /Tests +2 passed \(2\)/],
  jest: [
    [`${modules}/jest/bin/jest.js`, '--rootDir', 'jest', '--watchman=false', '--testTimeout=60000'],
    /Tests: +3 passed, 3 total/,
  ],
  'node-test': [['--test', '--test-reporter=tap', 'node-test/billing.test.js'], /# pass 3\n# fail 0/],
  mocha: [
    [`${modules}/mocha/bin/mocha.js`, '--import=tsx', '--timeout=60000', 'mocha/stock.test.js'],
    /2 passing/,
  ],
};

/** This process runs in a framework as well, of which the other one must not know. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, NO_COLOR: '1', CI: 'true' }).filter(([name]) => {
    return !/^(VITEST|JEST|NODE_TEST|TEST$|FORCE_COLOR|NODE_OPTIONS)/.test(name);
  }),
);

test.each(Object.entries(frameworks))('%s', async (_name, [parameters, told]) => {
  // Who leaves a socket or a timer behind never ends, and that is a failure.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters, {
    cwd: folder, env, timeout: 110_000, killSignal: 'SIGKILL',
  });
  expect(stdout + stderr).toMatch(told);
  expect(stderr).not.toContain('did not exit');
});

test('no example is left out', () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).toSorted()).toEqual(Object.keys(frameworks).toSorted());
});
