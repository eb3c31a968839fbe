/**
 * Makes a fresh clone ready to run: checks Node, installs what package-lock.json names, compiles.
 * Plain JavaScript without dependencies, since it runs before there are any. When all is done
 * already it only compares times of files. It writes to stderr alone: stdout is the gateway's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lockFile = join(root, 'package-lock.json');
const installedLockFile = join(root, 'node_modules', '.package-lock.json');
/** Written only after a build without errors; tsc's own record is written after failures too. */
const buildStamp = join(root, 'dist', '.built');
const projects = ['core', 'node', 'browser'];

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [majorMin, minorMin] = engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  fail(
    `TabMQ needs Node.js ${majorMin}.${minorMin} or newer, and this is ${process.version}: ` +
      'please install a newer one from https://nodejs.org.',
  );
}

/** When the file changed; before all time if it is not there. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/** Folders count as well: theirs is the only trace that a deleted file leaves. */
function newestChangeIn(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // Pages to be read are built into nothing.
  const names = readdirSync(path).filter((name) => !name.endsWith('.md'));
  const changes = names.map((name) => newestChangeIn(join(path, name)));
  return Math.max(stats.mtimeMs, ...changes);
}

function run(command, parameters, options = {}) {
  const { status } = spawnSync(command, parameters, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    ...options,
  });
  return status === 0;
}

/** The npm that started this script, if one did; else the one of the search path. */
function runNpm(parameters) {
  const startedBy = process.env['npm_execpath'];
  if (startedBy?.endsWith('.js')) return run(process.execPath, [startedBy, ...parameters]);
  return run('npm', parameters, { shell: process.platform === 'win32' });
}

function install() {
  if (changedAt(installedLockFile) >= changedAt(lockFile)) return;
  say('Installing the packages that package-lock.json names ...');
  // Compiling takes development packages, whatever NODE_ENV says.
  if (!runNpm(['ci', '--include=dev', '--no-audit', '--no-fund'])) {
    fail('The packages could not be installed: see the message of npm above.');
  }
  // `npm start` replaces its shell by the gateway, so that signals reach it. The shell of Windows
  // has no signals and no `exec` either: there it is a command that runs its parameters.
  if (process.platform === 'win32') {
    writeFileSync(join(root, 'node_modules', '.bin', 'exec.cmd'), '@%*\r\n');
  }
}

function build() {
  const bundler = join(root, 'tools', 'bundle.js');
  const sources = ['tsconfig.base.json', 'tools/bundle.js', ...projects]
    .map((name) => join(root, name)).filter(existsSync);
  if (changedAt(buildStamp) > Math.max(...sources.map(newestChangeIn))) return;
  say('Compiling ...');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!run(process.execPath, [compiler, '-b', ...projects])) {
    fail('TabMQ could not be compiled: see the errors above.');
  }
  if (existsSync(bundler) && !run(process.execPath, [bundler])) {
    fail('TabMQ could not be bundled: see the errors above.');
  }
  writeFileSync(buildStamp, '');
}

/** Makes the playground, which the gateway can do without. */
function buildPlayground() {
  const config = join(root, 'demo', 'vite.config.ts');
  if (!existsSync(config)) return;
  const sources = ['demo', 'core', 'browser'].map((name) => join(root, name));
  const built = join(root, 'dist', 'demo', 'sw.js');
  if (changedAt(built) > Math.max(...sources.map(newestChangeIn))) return;
  say('Building the playground ...');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  if (!run(process.execPath, [vite, 'build', '-c', config, '--logLevel', 'warn'])) {
    say('The playground could not be built, and the gateway starts without it.');
  }
}

/** Makes the documentation where there is none; `npm run docs` makes it anew. */
function buildDocs() {
  const settings = join(root, 'typedoc.json');
  if (!existsSync(settings) || existsSync(join(root, 'dist', 'demo', 'docs', 'index.html'))) return;
  say('Writing the documentation ...');
  const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
  // What is not documented, or a link that leads nowhere, is for `npm run docs` to refuse.
  const lenient = ['--treatValidationWarningsAsErrors', 'false', '--logLevel', 'Error'];
  if (!run(process.execPath, [typedoc, ...lenient])) {
    say('The documentation could not be written, and the gateway starts without it.');
  }
}

checkNodeVersion();
// Packages from the npm registry come compiled and never carry a lock file.
if (existsSync(lockFile)) {
  install();
  build();
  buildPlayground();
  buildDocs();
}
