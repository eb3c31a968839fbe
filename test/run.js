/**
 * `npm test`, `npm run coverage`, `npm run test:kill`, `npm run test:browser`, `npm run bench` and `npm run sim`: each
 * does all set-up by itself, so that one command is enough on a machine that never saw the project. Plain JavaScript,
 * as it runs first.
 */
import '../node/setup.js';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const continuousIntegration = process.env['CI'] === 'true';
const total = { passed: 0, failed: 0, skipped: 0 };

/** What failed, told once more at the end: thousands of lines lie between. */
const failures = [];

/** What passed only when it was tried again: to be looked at, as it may be a fault that is rare. */
const secondAttempts = [];

/** Beside the python of the search path, which may be the user's own, Debian's counts. */
const pythons = ['python3', '/usr/bin/python3'];

/** What the suites use that npm does not have. It is there if one of its probes runs. */
const systemTools = [
  {
    packages: ['python3-pika', 'python3-pytest'],
    probes: pythons.map((python) => [python, '-c', 'import pika, pytest']),
  },
  { packages: ['amqp-tools'], probes: [['amqp-publish', '--help']] },
  { packages: ['openssl'], probes: [['openssl', 'version']] },
  { packages: ['prometheus'], probes: [['prometheus', '--version']] },
  {
    packages: ['rabbitmq-server'],
    // Looked for where test/bench/rabbitmq.ts does; to run it would start it.
    probes: [['sh', '-c', 'command -v epmd && ' +
      '{ command -v rabbitmq-server || test -x /usr/lib/rabbitmq/bin/rabbitmq-server; }']],
  },
  {
    packages: ['chromium'],
    probes: [[process.execPath, 'node_modules/tsx/dist/cli.mjs', 'test/browser/find-chromium.ts']],
    // Where there is no such package, the browser's driver brings one of its own.
    instead: ['playwright-core/cli.js', ['install', '--no-shell', 'chromium']],
  },
];

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

function shout(sentence) {
  say(`\n${'!'.repeat(80)}\n${sentence}\n${'!'.repeat(80)}\n`);
}

function run(command, parameters, options = {}) {
  const done = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', ...options });
  return done.status ?? 1;
}

/** Runs a script of an installed package with this very Node. */
function runScript(script, parameters) {
  return run(process.execPath, [`node_modules/${script}`, ...parameters]);
}

/** A step that either passes or fails counts as one test. */
function check(title, script, parameters) {
  say(`\n${title}`);
  const status = runScript(script, parameters);
  total[status === 0 ? 'passed' : 'failed'] += 1;
  if (status !== 0) failures.push(title);
}

function missingTools() {
  return systemTools.filter(({ probes }) => !probes.some(runsQuietly));
}

function packagesOf(tools) {
  return tools.flatMap(({ packages }) => packages);
}

function runsQuietly([command, ...parameters]) {
  return spawnSync(command, parameters, { cwd: root, stdio: 'ignore' }).status === 0;
}

function mayInstall() {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return false;
  return process.getuid() === 0 || runsQuietly(['sudo', '-n', 'true']);
}

function aptGet(parameters) {
  const command = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', ...parameters];
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n'];
  // Without the run level, a server that is only wanted as a program would be started at once.
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const [first, ...rest] = [...asRoot, ...environment, ...command];
  return run(first, rest, { timeout: 600_000 });
}

function installTools() {
  const missing = packagesOf(missingTools());
  const installs = process.env['TABMQ_TEST_INSTALL'] !== '0';
  if (missing.length > 0 && installs) {
    say(`The tests are about to install ${missing.join(', ')}; TABMQ_TEST_INSTALL=0 forbids it.`);
    if (mayInstall()) {
      aptGet(['update']);
      aptGet(['install', '-y', '--no-install-recommends', ...missing]);
    }
    for (const { instead } of missingTools()) {
      if (instead !== undefined) runScript(...instead);
    }
  }
  const stillMissing = packagesOf(missingTools());
  if (stillMissing.length === 0) return;
  shout(
    `SKIPPED: the tests that need ${stillMissing.join(', ')}, which ` +
      `${installs ? 'could not' : 'may not'} be installed here.\n` +
      `On Debian or Ubuntu: sudo apt-get install ${stillMissing.join(' ')}`,
  );
  total.skipped += stillMissing.length;
}

/** Runs tests, and leaves a report of them in `test/results`. */
function vitest(title, report, parameters = []) {
  say(`\n${title}`);
  const reportFile = fileURLToPath(new URL(`results/${report}.json`, import.meta.url));
  rmSync(reportFile, { force: true });
  const reporters = [
    'default', './test/support/endless-files.ts', 'json',
  ].map((reporter) => `--reporter=${reporter}`);
  reporters.push(`--outputFile.json=${reportFile}`);
  const status = runScript('vitest/vitest.mjs', ['run', ...reporters, ...parameters]);
  const results = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;
  total.passed += results?.numPassedTests ?? 0;
  total.skipped += (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0);
  // An error outside of every test, or an end before the report, is a failure as well.
  total.failed += results?.numFailedTests || (status === 0 ? 0 : 1);
  const files = results?.testResults ?? [];
  if (status !== 0) failures.push(...files.flatMap(failuresOf), `${title}: exit code ${status}`);
  secondAttempts.push(...files.flatMap((file) => errorsOf(file, 'passed')));
}

function failuresOf(file) {
  const errors = errorsOf(file, 'failed');
  if (errors.length > 0 || !file.message) return errors;
  return [`${path.relative(root, file.name)}: ${gist(file.message)}`];
}

/** What went wrong in the tests that ended like this, with their names. */
function errorsOf({ name, assertionResults }, ending) {
  return assertionResults
    .filter(({ status, failureMessages }) => status === ending && failureMessages.length > 0)
    .map(({ fullName, failureMessages: [message] }) =>
      `${path.relative(root, name)}: ${fullName}\n    ${gist(message)}`);
}

/** The first lines of an error, and where in the tests it arose. */
function gist(message) {
  const lines = stripVTControlCharacters(message).split('\n').filter((line) => line.trim() !== '');
  const end = lines.findIndex((line) => /^\s+at /.test(line));
  const places = lines.slice(end).filter((line) => line.includes(`${path.sep}test${path.sep}`));
  const said = end < 0 ? lines : lines.slice(0, end);
  return [...said.slice(0, 6), ...places.slice(0, 1)].map((line) => line.trim()).join('\n    ');
}

/** The same files as in Node, as far as they need nothing of it. */
function testInChromium() {
  vitest('Tests of the core in Chromium', 'chromium', ['--config', 'test/browser/vitest.config.ts']);
}

/** Writes which test covers which method and field, from the results of the tests before. */
function complianceMatrix() {
  check('Compliance matrix', 'tsx/dist/cli.mjs', ['test/compliance/matrix.ts']);
}

function finish() {
  const failed = total.failed > 0 || (continuousIntegration && total.skipped > 0);
  if (continuousIntegration && total.skipped > 0) {
    shout('With CI=true nothing may be skipped: this run counts as failed.');
  }
  if (secondAttempts.length > 0) {
    say(`\nWhat passed at the second attempt only:\n  ${secondAttempts.join('\n  ')}`);
  }
  if (failures.length > 0) say(`\nWhat failed:\n  ${failures.join('\n  ')}`);
  say(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(failed ? 1 : 0);
}

function test() {
  installTools();
  check('Lint', 'oxlint/bin/oxlint', ['--deny-warnings']);
  check('Types', 'typescript/bin/tsc', [
    '-b', 'core', 'node', 'browser', 'test', 'test/browser/page', 'demo/testing',
  ]);
  check('Types of the playground', 'svelte-check/bin/svelte-check', [
    '--tsconfig', 'demo/tsconfig.json', '--threshold', 'error',
  ]);
  check('Types of its tests', 'typescript/bin/tsc', ['-p', 'test/demo']);
  check('Documentation', 'typedoc/bin/typedoc', ['--logLevel', 'Warn']);
  vitest('Tests', 'vitest');
  if (!missingTools().some(({ packages }) => packages.includes('chromium'))) testInChromium();
  complianceMatrix();
  finish();
}

/** What is quick: types, lint, the house style, and the tests of the core in Node. */
function quick() {
  check('Lint', 'oxlint/bin/oxlint', ['--deny-warnings']);
  check('Types', 'typescript/bin/tsc', [
    '-b', 'core', 'node', 'browser', 'test', 'test/browser/page', 'demo/testing',
  ]);
  const folders = ['protocol', 'session', 'broker', 'management'].map((name) => `test/${name}`);
  // What goes on for many seconds each is for `npm test`.
  const long = ['*property*', 'fuzz*', 'compaction*', 'backlog*', 'durability*'];
  vitest('House style, and tests of the core', 'quick', [
    'test/tidy.test.ts', ...folders, ...long.flatMap((name) => ['--exclude', `**/${name}`]),
  ]);
  finish();
}

function coverage() {
  installTools();
  vitest('Tests', 'vitest', ['--coverage']);
  finish();
}

/** Hands over to a program of the tests. */
function runProgram(program, parameters) {
  process.exit(runScript('tsx/dist/cli.mjs', [program, ...parameters]));
}

/** The kill test in its long form: `npm run test:kill -- KILLS SEED`. */
function kill([kills = '200', seed = String(Date.now() % 1_000_000)]) {
  process.env['TABMQ_TEST_KILLS'] = kills;
  process.env['TABMQ_TEST_SEED'] = seed;
  process.exit(runScript('vitest/vitest.mjs', ['run', 'test/durable/kill.test.ts']));
}

function browser() {
  installTools();
  testInChromium();
  finish();
}

const [mode = 'test', ...parameters] = process.argv.slice(2);
if (mode === 'test') test();
else if (mode === 'check') quick();
else if (mode === 'coverage') coverage();
else if (mode === 'browser') browser();
else if (mode === 'kill') kill(parameters);
else if (mode === 'bench') runProgram('test/bench/main.ts', parameters);
else if (mode === 'sim') runProgram('test/sim/main.ts', parameters);
else {
  say(`Unknown mode "${mode}": it is one of test, check, coverage, browser, kill, bench and sim.`);
  process.exit(2);
}
