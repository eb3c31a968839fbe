/** The package as npm makes it, in a copy of the project and in a project of its user. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file, or one for each condition. */
export type Door = string | { readonly [condition: string]: Door };

export interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Door>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** All that may be packed lies in these. */
const parts = [
  'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'tools/package.js', 'core', 'node', 'browser',
  'demo/README.md', 'demo/examples', 'demo/testing', 'test/bench/FIGURES.md', 'dist/LICENSES.txt',
  ...['lib', 'web', 'page', 'types', 'demo'].map((name) => `dist/${name}`),
];

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** A copy of the project that is changed and packed, whatever else reads the project meanwhile. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'tabmq-stage-'));

  constructor() {
    const filter = (path: string): boolean => !path.startsWith(join(root, 'dist', 'demo', 'docs'));
    for (const path of parts) cpSync(join(root, path), join(this.folder, path), { recursive: true, filter });
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Sets fields of its package.json. */
  change(fields: object): void {
    const text = JSON.stringify({ ...JSON.parse(this.read('package.json')), ...fields }, null, 2);
    writeFileSync(join(this.folder, 'package.json'), `${text}\n`);
  }

  run(command: string, ...parameters: string[]): Outcome {
    return spawnSync(command, parameters, { cwd: this.folder, encoding: 'utf8' });
  }

  /** A step of tools/package.js, as npm calls it. */
  step(name: string): Outcome {
    return this.run(process.execPath, 'tools/package.js', name);
  }

  /** What `npm pack` makes once all is filled in. */
  pack(): Packed {
    this.step('archive');
    this.step('fill');
    const flags = ['--json', '--ignore-scripts', '--loglevel=silent'];
    const { stdout } = this.run('npm', 'pack', ...flags);
    this.step('restore');
    const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
    return packed!;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A project that has the package, its dependencies, and no others but those that are named. */
export class UserProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'tabmq-user-'));
  readonly installed = join(this.folder, 'node_modules', 'tabmq');

  constructor(archive: string, others: readonly string[] = []) {
    mkdirSync(this.installed, { recursive: true });
    // Without it, a package.json further up would say whose files these are.
    this.write('package.json', '{}');
    execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', this.installed]);
    for (const name of [...Object.keys(manifest.dependencies), ...others]) {
      const link = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link, 'junction');
    }
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** What a program of Node prints. */
  node(...parameters: string[]): string {
    return execFileSync(process.execPath, parameters, { cwd: this.folder, encoding: 'utf8' }).trim();
  }

  run(...parameters: string[]): Outcome {
    return spawnSync(process.execPath, parameters, { cwd: this.folder, encoding: 'utf8' });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
