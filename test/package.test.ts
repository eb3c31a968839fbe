/** What npm would publish: it holds every door, needs nothing else, and works for all kinds of users. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifest, root, Stage, UserProject, type Door } from './support/package.ts';

const doors = Object.keys(manifest.exports).map((door) => door.replace(/^\./, 'tabmq'));
const codeDoors = doors.filter((door) => !door.endsWith('.json'));

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

test('the lock file names no registry, so that any may serve', () => {
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved": "http');
});

describe('the packed package', () => {
  let stage: Stage;
  let user: UserProject;
  let archive: string;
  let packed: ReturnType<Stage['pack']>;
  let paths: string[];

  beforeAll(() => {
    stage = new Stage();
    packed = stage.pack();
    paths = packed.files.map(({ path }) => path);
    archive = join(stage.folder, packed.filename);
    user = new UserProject(archive, ['amqplib', '@jest/globals']);
  });

  afterAll(() => {
    stage.remove();
    user.remove();
  });

  test('has at most 1.2 MB, and 5 MB unpacked', () => {
    process.stdout.write(`packed ${packed.size} bytes, unpacked ${packed.unpackedSize}\n`);
    expect(packed.size).toBeLessThanOrEqual(1_200_000);
    expect(packed.unpackedSize).toBeLessThanOrEqual(5_000_000);
  });

  test('publint finds nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: user.installed, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test('its types are right for every door, old and new resolution, import and require', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(archive)));
    if (result.types === false) throw new Error('it has no types');
    expect(result.problems).toEqual([]);
    expect(Object.keys(result.entrypoints)).toEqual(Object.keys(manifest.exports));
  });

  test.each(codeDoors)('%s can be imported and required, which gives the same', (door) => {
    const script = `
      const [imported, required] = [await import('${door}'), (await import('node:module')).createRequire(
        import.meta.url)('${door}')];
      const names = Object.keys(required);
      console.log(names.length > 0 && names.every((name) => imported[name] === required[name]));`;
    user.write('door.mjs', script);
    expect(user.node('door.mjs')).toBe('true');
  });

  test('its package.json can be imported', () => {
    const script = "console.log((await import('tabmq/package.json', { with: { type: 'json' } })).default.version)";
    expect(user.node('--no-warnings', '--input-type=module', '--eval', script)).toBe(manifest.version);
  });

  test('a test loads a few files for it, and nothing that a gateway alone needs', () => {
    const loaded = JSON.parse(user.node('--eval', `
      require('tabmq/testing');
      console.log(JSON.stringify(Object.keys(require.cache)));`)) as string[];
    expect(loaded.filter((path) => !path.startsWith(user.installed))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(20);
  });

  describe('in Jest, without a flag', () => {
    beforeAll(() => {
      user.write('jest/plain.test.js', `
        const amqplib = require('amqplib');
        const { startTestBroker } = require('tabmq/testing');
        test('in CommonJS', async () => {
          const broker = await startTestBroker({ leaks: 'ignore' });
          const connection = await amqplib.connect(broker.url);
          const channel = await connection.createChannel();
          await channel.assertQueue('orders');
          channel.sendToQueue('orders', Buffer.from('one'));
          await broker.expectRouted({ to: 'orders', body: 'one' });
          await connection.close();
          await broker.stop();
        });`);
      user.write('jest/typed.test.ts', `
        import { afterAll, beforeAll, expect, test } from '@jest/globals';
        import { connect } from 'tabmq/client';
        import { startTestBroker, type TestBroker } from 'tabmq/testing';
        let broker: TestBroker;
        beforeAll(async () => {
          broker = await startTestBroker({ clock: 'virtual' });
        });
        afterAll(() => broker.stop());
        test('in TypeScript', async () => {
          const name: string = await new Promise((resolve, reject) => {
            const connecting = connect(broker.url).subscribe({
              next: (connection) => {
                resolve(connection.name);
                connecting.unsubscribe();
              },
              error: reject,
            });
          });
          expect(name).toContain(String(broker.port));
        });`);
      const tsconfig = {
        module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0', target: 'es2022', strict: true,
        esModuleInterop: true, types: ['node'], typeRoots: [join(root, 'node_modules/@types')],
      };
      const transform = { '\\.ts$': [join(root, 'node_modules/ts-jest'), { tsconfig }] };
      user.write('jest.config.js', `module.exports = ${JSON.stringify({ transform })};`);
    });

    test.each(['jest', 'jest-30'])('%s', (jest) => {
      const command = join(root, 'node_modules', jest, 'bin', 'jest.js');
      const { status, stderr } = user.run(command, '--watchman=false', '--testTimeout=60000', '--ci', '-i');
      expect(stderr).toContain('Tests:       2 passed, 2 total');
      expect(status).toBe(0);
    });
  });

  test('tabmq starts', () => {
    const command = join(user.installed, manifest.bin['tabmq']!);
    expect(user.node(command, '--version')).toContain(manifest.version);
  });

  test('it holds what a package must, and nothing of the workshop', () => {
    for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'core/client/README.md', 'node/testing/README.md',
      'demo/examples/rpc.ts', 'demo/testing/jest/outbox.test.js']) expect(paths).toContain(name);
    const wrong = /^(tools|\.)|\.test\.d\.ts$|tsbuildinfo|\.built|\.map$|core\/sim\//;
    expect(paths.filter((path) => wrong.test(path))).toEqual([]);
    const { scripts, devDependencies } = JSON.parse(readFileSync(join(user.installed, 'package.json'), 'utf8'));
    expect([scripts, devDependencies]).toEqual([undefined, undefined]);
  });

  test('its gateway serves the playground, and what guides there are', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, [${JSON.stringify(join(user.installed, manifest.bin['tabmq']!))},
        '--http-port', '0', '--metrics-port', '0', 'playground'], { env: { ...process.env, BROWSER: 'none' } });
      child.stdout.once('data', async (text) => {
        const page = /http.*\\S/.exec(String(text))[0];
        const answer = await fetch(page, { headers: { accept: 'text/html' } });
        const [script] = /assets\\/[^"]*\\.js/.exec(await answer.text());
        const { status, headers } = await fetch(new URL(script, page));
        const guides = await (await fetch(new URL('docs/', page))).text();
        console.log(status, headers.get('content-encoding'), guides.includes('core/client/README.md'));
        child.kill();
      });`;
    expect(user.node('--eval', script)).toBe('200 gzip true');
  });
});

describe('its owner', () => {
  let stage: Stage;
  beforeAll(() => {
    stage = new Stage();
  });
  afterAll(() => stage.remove());

  test('publishes nothing before author and repository are filled in', () => {
    stage.change({ author: '', repository: { type: 'git', url: '' } });
    const { status, stderr } = stage.step('check');
    expect([status, stderr]).toEqual([1, 'The package is not published: fill in author and repository.url in ' +
      'package.json first, from which its homepage, its page for bugs and the links of its README follow.\n']);
  });

  test.each([
    'git+https://git.example/someone/tabmq.git', 'git@git.example:someone/tabmq.git',
    'ssh://git@git.example/someone/tabmq.git',
  ])('has the homepage, the page for bugs and the links of %s', (url) => {
    stage.change({ author: 'Someone', repository: { type: 'git', url } });
    expect(stage.step('check').status).toBe(0);
    const [before, readme] = [stage.read('package.json'), stage.read('README.md')];
    stage.step('fill');
    const filled = JSON.parse(stage.read('package.json'));
    expect(filled).toMatchObject({
      author: 'Someone', repository: { url }, homepage: 'https://git.example/someone/tabmq#readme',
      bugs: { url: 'https://git.example/someone/tabmq/issues' },
    });
    const links = [...stage.read('README.md').matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !/^(https?:|#)/.test(link))).toEqual([]);
    expect(links).toContain(`https://git.example/someone/tabmq/blob/v${manifest.version}/core/client/README.md`);
    stage.step('restore');
    expect([stage.read('package.json'), stage.read('README.md')]).toEqual([before, readme]);
  });

  test('has a pack that was broken off made good by the next', () => {
    const before = stage.read('README.md');
    stage.step('fill');
    stage.step('fill');
    stage.step('restore');
    expect(stage.read('README.md')).toBe(before);
  });
});
