/** What npm would publish: it holds every door, needs nothing else, and starts. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A file, or one for each condition. */
type Door = string | { readonly [condition: string]: Door };

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Door>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const doors = Object.keys(manifest.exports).map((door) => door.replace(/^\./, 'tabmq'));

function targetsOf(door: Door): string[] {
  return typeof door === 'string' ? [door] : Object.values(door).flatMap(targetsOf);
}

test('every door leads to a file that the build makes', () => {
  const targets = Object.values(manifest.exports).flatMap(targetsOf);
  const missing = [...targets, ...Object.values(manifest.bin)].filter(
    (target) => !existsSync(join(root, target)),
  );
  expect(missing).toEqual([]);
});

test('publint finds nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: root, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test('the lock file names no registry, so that any may serve', () => {
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved": "http');
});

describe('the packed package', () => {
  const user = mkdtempSync(join(tmpdir(), 'tabmq-package-'));
  const installed = join(user, 'node_modules', 'tabmq');
  let packed: string[];

  /** Unpacks the archive beside its own dependencies and no others. */
  beforeAll(() => {
    const { filename, files } = pack();
    packed = files.map(({ path }) => path);
    mkdirSync(installed, { recursive: true });
    // Without it, a package.json further up would say whose files these are.
    writeFileSync(join(user, 'package.json'), '{}');
    execFileSync('tar', ['-xzf', join(user, filename), '--strip-components=1', '-C', installed]);
    for (const name of Object.keys(manifest.dependencies)) {
      const link = join(user, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link, 'junction');
    }
  });

  afterAll(() => rmSync(user, { recursive: true, force: true }));

  function pack(): { filename: string; files: { path: string }[] } {
    const flags = ['--json', '--ignore-scripts', '--loglevel=silent', '--pack-destination', user];
    return JSON.parse(execFileSync('npm', ['pack', ...flags], { cwd: root, encoding: 'utf8' }))[0];
  }

  function runNode(...parameters: string[]): string {
    return execFileSync(process.execPath, parameters, { cwd: user, encoding: 'utf8' }).trim();
  }

  test.each(doors)('%s can be imported', (door) => {
    const attributes = door.endsWith('.json') ? ", { with: { type: 'json' } }" : '';
    const script = `console.log(Object.keys(await import('${door}'${attributes})).length)`;
    expect(Number(runNode('--no-warnings', '--input-type=module', '--eval', script))).toBeGreaterThan(0);
  });

  test('tabmq starts', () => {
    const command = join(installed, manifest.bin['tabmq']!);
    expect(runNode(command, '--version')).toContain(manifest.version);
  });

  test('set-up has nothing to do', () => {
    expect(runNode(join(installed, 'node', 'setup.js'))).toBe('');
    expect(existsSync(join(installed, 'node_modules'))).toBe(false);
  });

  test('it holds what a package must, and nothing of the workshop', () => {
    for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md']) expect(packed).toContain(name);
    expect(packed.filter((path) => /^(test|tools|demo|\.)|tsbuildinfo|\.built/.test(path))).toEqual([]);
  });

  test('it holds the documentation once, and its gateway serves that', async () => {
    const pages = packed.filter((path) => path.startsWith('dist/demo/docs/'));
    expect(pages).toContain('dist/demo/docs/index.html');
    expect(pages.filter((path) => /\.(br|gz)$/.test(path))).toEqual([]);
    const script = `
      import { startGateway } from 'tabmq/node';
      import { Playground } from '${pathToFileURL(join(installed, 'dist/node/playground.js')).href}';
      const playground = Playground.installed();
      const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, playground });
      const answer = await fetch('http://127.0.0.1:' + gateway.ports.http + '/docs/');
      console.log(answer.status, answer.headers.get('content-encoding'), (await answer.text()).includes('TabMQ'));
      await gateway.stop();`;
    expect(runNode('--no-warnings', '--input-type=module', '--eval', script)).toBe('200 null true');
  });
});
