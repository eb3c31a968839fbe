/** `npm run release` in a repository of its own: what it refuses, says, changes and tags. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

const script = fileURLToPath(new URL('../../tools/release.js', import.meta.url));
const env = {
  ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com',
  // Whatever asks a registry fails.
  npm_config_offline: 'true',
};
const manifest = {
  name: 'sample', version: '1.2.3', license: 'MIT', type: 'module', exports: './dist/index.js', files: ['dist'],
  scripts: { prepack: 'node -e "console.log(\'built\')"' },
};
const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [1.2.3] - 2020-01-01\n\n- Older.\n';

let folder: string;

const git = (...parameters: string[]): string =>
  execFileSync('git', parameters, { cwd: folder, env, encoding: 'utf8' }).trim();
const textOf = (path: string): string => readFileSync(join(folder, path), 'utf8');

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function commit(path: string, text: string): void {
  write(path, text);
  git('add', '.');
  git('commit', '--quiet', '--message', path);
}

function release(...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...parameters], {
    cwd: folder, env, encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'tabmq-release-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  folder = made;
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  write('package.json', json(manifest));
  const itself = { version: '1.2.3' };
  write('package-lock.json', json({ ...itself, packages: { '': itself, 'node_modules/x': itself } }));
  write('core/broker/broker.ts', "const defaults = {\n  version: '1.2.3',\n};\n");
  write('CHANGELOG.md', changelog);
  write('.gitignore', 'dist/\n*.tgz\n');
  write('dist/index.js', 'export const one = 1;\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'begin');
});

test('a dry run says what would be, and changes nothing', () => {
  const { status, out, err } = release('1.3.0', '--dry-run');
  expect([status, err]).toEqual([0, '']);
  for (const line of [
    'would change package.json', 'would change package-lock.json', 'would change core/broker/broker.ts',
    'would change CHANGELOG.md', 'publint has nothing to say', 'would commit, and tag v1.3.0',
  ]) expect(out.split('\n')).toContain(line);
  expect(out).toMatch(/^packed sample-1\.2\.3\.tgz: \d+ bytes, unpacked \d+$/m);
  expect([git('status', '--porcelain'), git('tag'), git('rev-list', '--count', 'HEAD')]).toEqual(['', '', '1']);
});

test('a release has its version everywhere, its section, its archive and its tag', () => {
  const { status, out, err } = release('1.3.0');
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain('npm publish sample-1.3.0.tgz');
  expect(existsSync(join(folder, 'sample-1.3.0.tgz'))).toBe(true);
  expect(JSON.parse(textOf('package.json'))).toEqual({ ...manifest, version: '1.3.0' });
  expect(JSON.parse(textOf('package-lock.json'))).toEqual({
    version: '1.3.0', packages: { '': { version: '1.3.0' }, 'node_modules/x': { version: '1.2.3' } },
  });
  expect(textOf('core/broker/broker.ts')).toContain("version: '1.3.0',");
  const closed = /^## \[Unreleased\]\n\n## \[1\.3\.0\] - \d{4}-\d\d-\d\d\n\n### Added\n\n- A thing\.\n/m;
  expect(textOf('CHANGELOG.md')).toMatch(closed);
  expect(git('status', '--porcelain')).toBe('');
  expect(git('log', '-1', '--format=%s')).toBe('[dist] Release 1.3.0');
  expect(git('rev-parse', 'v1.3.0^{commit}')).toBe(git('rev-parse', 'HEAD'));
});

test('what cannot be packed, or has publint complain, leaves all as it was', () => {
  commit('package.json', JSON.stringify({ ...manifest, exports: './dist/none.js' }, null, 2));
  const { status, err } = release('1.3.0');
  expect([status, err]).toEqual([1, expect.stringMatching(/^publint says:\n.*dist\/none\.js/)]);
  commit('package.json', JSON.stringify({ ...manifest, scripts: { prepack: 'exit 3' } }, null, 2));
  expect(release('1.3.0')).toMatchObject({ status: 1, err: expect.stringMatching(/^npm pack failed: /) as string });
  expect([git('status', '--porcelain'), git('tag')]).toEqual(['', '']);
});

test.each([
  [[], 'Which version?'],
  [['1.3'], '"1.3" is no version: it has three numbers'],
  [['v1.3.0'], '"v1.3.0" is no version'],
  [['1.03.0'], '"1.03.0" is no version'],
  [['1.2.2'], '1.2.2 is below 1.2.3, which package.json has already.'],
  [['0.9.9'], '0.9.9 is below 1.2.3'],
  [['1.3.0', '1.4.0'], 'One version at a time, and "1.4.0" is more.'],
  [['1.3.0', '--force'], "Unknown option '--force'"],
])('%j is refused with a sentence', (parameters, sentence) => {
  const { status, out, err } = release(...parameters);
  expect([status, out, err]).toEqual([1, '', expect.stringContaining(sentence)]);
});

test('a tree with changes, a tag that is there, and a changelog with nothing in it are refused', () => {
  write('stray.txt', 'x');
  expect(release('1.3.0')).toMatchObject({ status: 1, err: expect.stringContaining('?? stray.txt') as string });
  rmSync(join(folder, 'stray.txt'));
  git('tag', 'v1.3.0');
  expect(release('1.3.0', '--dry-run').err).toBe(
    'There is a tag v1.3.0 already: a release never changes, so take the next version.\n',
  );
  commit('CHANGELOG.md', changelog.replace('- A thing.', ''));
  expect(release('1.4.0').err).toBe('CHANGELOG.md has no line below "## [Unreleased]": say what users get.\n');
});
