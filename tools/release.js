/**
 * `npm run release -- VERSION` gives the version to all files that bear it, closes the changelog's
 * section, packs what npm would publish, looks it over, commits and tags. `--dry-run` only says so.
 * It needs no network: to push and to publish is left to its caller.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** npm runs its scripts in the folder of the package. */
const root = process.cwd();

/** Why there is no release, as a sentence for its author. */
class Refusal extends Error {}

/** As https://semver.org has it, without build metadata. */
const versionPattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-z]+(\.[0-9a-z]+)*)?$/i;

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

/** What the command prints; a command that fails is a refusal with what it said. */
function run(command, ...parameters) {
  try {
    return execFileSync(command, parameters, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch (error) {
    throw new Refusal(`${command} ${parameters[0]} failed: ${String(error.stderr).trim()}`);
  }
}

function isBelow(version, other) {
  const [numbers, otherNumbers] = [version, other].map((each) =>
    versionPattern.exec(each).slice(1, 4).map(Number));
  const at = numbers.findIndex((number, i) => number !== otherNumbers[i]);
  return at >= 0 && numbers[at] < otherNumbers[at];
}

function checkVersion(version, present) {
  if (version === undefined) throw new Refusal('Which version? npm run release -- 1.2.3');
  if (!versionPattern.test(version)) {
    throw new Refusal(
      `"${version}" is no version: it has three numbers, such as 1.2.3 or 1.2.3-rc.1.`,
    );
  }
  if (isBelow(version, present)) {
    throw new Refusal(`${version} is below ${present}, which package.json has already.`);
  }
}

function checkRepository(version) {
  const changes = run('git', 'status', '--porcelain');
  if (changes !== '') {
    throw new Refusal(
      `Please commit or remove these first, as a release is of what is committed:\n${changes}`,
    );
  }
  if (run('git', 'tag', '--list', `v${version}`) !== '') {
    throw new Refusal(
      `There is a tag v${version} already: a release never changes, so take the next version.`,
    );
  }
}

/** The changelog in which what was unreleased is this version's. */
function closedChangelog(version) {
  const [before, unreleased] = read('CHANGELOG.md').split('## [Unreleased]\n');
  const section = unreleased?.split(/^## \[/m)[0].trim();
  if (!section?.includes('\n- ')) {
    throw new Refusal('CHANGELOG.md has no line below "## [Unreleased]": say what users get.');
  }
  const date = new Date().toISOString().slice(0, 10);
  return `${before}## [Unreleased]\n\n## [${version}] - ${date}\n${unreleased}`;
}

/** JSON as npm writes it, with the version set wherever this package is meant. */
function withVersion(path, version) {
  const manifest = JSON.parse(read(path));
  manifest.version = version;
  const itself = manifest.packages?.[''];
  if (itself !== undefined) itself.version = version;
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The files that a release changes, with their new text. */
function releasedFiles(version) {
  // A broker in a tab tells its clients the version, and has no package.json to read it from.
  const broker = 'core/broker/broker.ts';
  const text = read(broker);
  const pattern = /^ {2}version: '[^']*',$/m;
  if (!pattern.test(text)) throw new Refusal(`${broker} no longer has a line "version: '...',".`);
  return [
    ['package.json', withVersion('package.json', version)],
    ['package-lock.json', withVersion('package-lock.json', version)],
    [broker, text.replace(pattern, `  version: '${version}',`)],
    ['CHANGELOG.md', closedChangelog(version)],
  ];
}

/** Packs as npm does it, and gives the name of the archive; `flags` say how. */
function pack(...flags) {
  const answer = Object.values(JSON.parse(run('npm', 'pack', '--json', '--loglevel=silent',
    // Else what the build says stands amid the answer.
    '--foreground-scripts=false', ...flags)));
  const [{ filename, size, unpackedSize }] = answer;
  say(`packed ${filename}: ${size} bytes, unpacked ${unpackedSize}`);
  return filename;
}

async function lookOver() {
  const { messages, pkg } = await publint({ pkgDir: root, pack: false, strict: true });
  if (messages.length === 0) return say('publint has nothing to say');
  const said = messages.map((message) => formatMessage(message, pkg, { color: false }));
  throw new Refusal(`publint says:\n${said.join('\n')}`);
}

async function rehearse(version, files) {
  for (const [path] of files) say(`would change ${path}`);
  if (existsSync(join(root, 'dist'))) {
    pack('--dry-run', '--ignore-scripts');
    await lookOver();
  } else {
    say('would build and pack: nothing is built here to look over');
  }
  say(`would commit, and tag v${version}`);
}

async function release(version, files) {
  for (const [path, text] of files) writeFileSync(join(root, path), text);
  const paths = files.map(([path]) => path);
  let archive;
  try {
    archive = pack();
    await lookOver();
  } catch (error) {
    run('git', 'checkout', '--', ...paths);
    throw error;
  }
  run('git', 'commit', '--message', `[dist] Release ${version}`, '--', ...paths);
  run('git', 'tag', '--annotate', `v${version}`, '--message', `TabMQ ${version}`);
  say(`v${version} is tagged. Next: git push --follow-tags, and npm publish ${archive}`);
}

try {
  const { values, positionals: [version, ...rest] } = parseArgs({
    allowPositionals: true, options: { 'dry-run': { type: 'boolean', default: false } },
  });
  if (rest.length > 0) throw new Refusal(`One version at a time, and "${rest.join(' ')}" is more.`);
  checkVersion(version, JSON.parse(read('package.json')).version);
  checkRepository(version);
  const files = releasedFiles(version);
  await (values['dry-run'] ? rehearse : release)(version, files);
} catch (error) {
  const isTold = error instanceof Refusal || error.code?.startsWith('ERR_PARSE_ARGS');
  if (!isTold) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
