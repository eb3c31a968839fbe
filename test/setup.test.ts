/** Set-up on a project of toys, where npm and the compiler only write down that they were called. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const script = fileURLToPath(new URL('../node/setup.js', import.meta.url));

const npm = `
  const { mkdirSync, writeFileSync, appendFileSync } = require('node:fs');
  appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
  mkdirSync('node_modules/typescript/bin', { recursive: true });
  writeFileSync('node_modules/.package-lock.json', '');
  writeFileSync('node_modules/typescript/bin/tsc', \`
    const { existsSync, mkdirSync, appendFileSync } = require('node:fs');
    appendFileSync('calls', 'tsc ' + process.argv.slice(2).join(' ') + '\\\\n');
    mkdirSync('dist', { recursive: true });
    console.log('to be read on stderr');
    process.exit(existsSync('core/broken.ts') ? 1 : 0);
  \`);
`;

class ToyProject {
  readonly root = mkdtempSync(join(tmpdir(), 'tabmq-setup-'));

  constructor(engine = '>=20.19') {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    this.write('package.json', JSON.stringify({ engines: { node: engine } }));
    this.write('tsconfig.base.json');
    this.write('core/broker.ts');
    this.write('npm.js', npm);
    for (const folder of ['node', 'browser']) mkdirSync(join(this.root, folder));
    cpSync(script, join(this.root, 'node/setup.mjs'));
    // What was there before is older than all that set-up makes.
    for (const path of ['tsconfig.base.json', 'core', 'core/broker.ts', 'node', 'node/setup.mjs', 'browser']) {
      this.setAge(path, 100);
    }
  }

  write(path: string, content = ''): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  setAge(path: string, seconds: number): void {
    const time = Date.now() / 1000 - seconds;
    utimesSync(join(this.root, path), time, time);
  }

  lock(seconds: number): void {
    this.write('package-lock.json');
    this.setAge('package-lock.json', seconds);
  }

  /** The status, what was said, and what was called meanwhile. */
  setUp(): { status: number | null; stdout: string; stderr: string; calls: string } {
    this.write('calls');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['node/setup.mjs'], {
      cwd: this.root,
      encoding: 'utf8',
      env: { ...process.env, npm_execpath: join(this.root, 'npm.js') },
    });
    return { status, stdout, stderr, calls: readFileSync(join(this.root, 'calls'), 'utf8') };
  }
}

const silent = { status: 0, stdout: '', stderr: '', calls: '' };

test('a fresh clone is installed and compiled, and stdout stays empty', () => {
  const project = new ToyProject();
  project.lock(100);
  const { status, stdout, stderr, calls } = project.setUp();
  expect({ status, stdout, calls }).toEqual({ status: 0, stdout: '', calls: 'npm ci\ntsc -b core node browser\n' });
  expect(stderr).toContain('to be read on stderr');
});

test('nothing is done twice', () => {
  const project = new ToyProject();
  project.lock(100);
  project.setUp();
  expect(project.setUp()).toEqual(silent);
});

test('a newer lock file is installed again', () => {
  const project = new ToyProject();
  project.lock(100);
  project.setUp();
  project.lock(-100);
  expect(project.setUp().calls).toContain('npm ci\n');
});

test.each(['core/broker.ts', 'core', 'tsconfig.base.json'])('a change of %s is compiled', (path) => {
  const project = new ToyProject();
  project.lock(100);
  project.setUp();
  project.setAge(path, -100);
  expect(project.setUp().calls).toBe('tsc -b core node browser\n');
});

test('what does not compile is said, and tried again', () => {
  const project = new ToyProject();
  project.lock(100);
  project.write('core/broken.ts');
  const first = project.setUp();
  expect(first).toMatchObject({ status: 1, stdout: '' });
  expect(first.stderr).toContain('TabMQ could not be compiled');
  expect(project.setUp().calls).toBe('tsc -b core node browser\n');
});

test('a package from the registry needs nothing', () => {
  expect(new ToyProject().setUp()).toEqual(silent);
});

test('an old Node is told so in one sentence', () => {
  const { status, stdout, stderr } = new ToyProject('>=99.1').setUp();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^TabMQ needs Node\.js 99\.1 or newer, and this is v.*\n$/);
});
