import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { CannotBench } from './cannot-bench.ts';
import { endChild, startChild } from './child-process.ts';

/** The load generator: compiled once from the C sources beside this file, then run at will. */

const SOURCES = join(import.meta.dirname, 'generator');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/tabmq-bench');

export class Generator {
  readonly program: string;

  private constructor(program: string) {
    this.program = program;
  }

  /** Compiles the generator unless the same sources were compiled before. */
  static compile(): Generator {
    const files = readdirSync(SOURCES).toSorted().map((file) => join(SOURCES, file));
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(file));
    const program = join(CACHE, `load-${hash.digest('hex').slice(0, 16)}`);
    if (existsSync(program)) return new Generator(program);
    mkdirSync(CACHE, { recursive: true });
    // Compiled aside and renamed, so that a bench that starts meanwhile never runs half a program.
    const fresh = `${program}.${process.pid}`;
    const words = ['-std=gnu11', '-O2', '-pthread', '-o', fresh];
    words.push(...files.filter((file) => file.endsWith('.c')));
    const own = process.env['CC'];
    for (const compiler of own ? [own] : ['cc', 'gcc', 'clang']) {
      const result = spawnSync(compiler, words, { encoding: 'utf8' });
      if (result.error) continue;
      if (result.status !== 0) throw new CannotBench(`${compiler} failed:\n${result.stderr}`);
      renameSync(fresh, program);
      return new Generator(program);
    }
    throw new CannotBench(
      'The load generator is written in C and no C compiler was found: install gcc ' +
        '(Debian: apt-get install gcc libc6-dev) or name one in the environment variable CC.',
    );
  }

  async start(...words: readonly string[]): Promise<GeneratorRun> {
    const child = await startChild(this.program, words, { stdio: 'pipe' });
    return new GeneratorRun(child);
  }
}

/** One run of the generator, which prints a line and waits to be told to go on. */
export class GeneratorRun {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #complaint: Promise<string>;

  constructor(child: ChildProcess) {
    this.child = child;
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new TypeError('the generator needs pipes');
    this.#reader = createInterface(stdout);
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#complaint = text(stderr);
    // A generator that has ended refuses input; its complaint tells why, so this error need not.
    child.stdin?.on('error', () => undefined);
  }

  /** The next line it prints; fails with the generator's complaint if it ends instead. */
  async nextLine(): Promise<string> {
    const line = await this.#lines.next();
    if (!line.done) return line.value;
    throw new CannotBench((await this.#complaint).trim() || 'the load generator ended early');
  }

  goOn(): void {
    this.child.stdin?.write('\n');
  }

  /** Lets it go on to its end: cleaning up and closing its connections. */
  async finish(): Promise<void> {
    this.goOn();
    const rest = await this.#lines.next();
    if (!rest.done) throw new CannotBench(`the load generator went on: ${rest.value}`);
    const complaint = (await this.#complaint).trim();
    if (complaint) throw new CannotBench(complaint);
  }

  async stop(): Promise<void> {
    this.#reader.close();
    await endChild(this.child, 'SIGKILL');
  }
}
