import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CannotBench } from './cannot-bench.ts';
import { endChild } from './child-process.ts';
import type { Generator } from './generator.ts';
import type { BrokerName } from './scenario.ts';
import { makeDirectory, removeDirectory } from './temporary-directory.ts';

/** A broker under test: a private process with ports and a temporary directory of its own. */

/** The unit of CPU time in /proc, which Linux has fixed for all programs. */
const TICKS_PER_SECOND = 100;

/** What a way of starting a broker has to bring about. */
export interface StartedBroker {
  /** The process whose CPU time and memory count. */
  readonly child: ChildProcess;
  readonly ports: { readonly amqp: number; readonly http?: number };
  readonly version: () => string;
  /** Other processes it needs, stopped after it. */
  readonly helpers?: readonly ChildProcess[];
  /** Whether it writes something at its end, so that it must not be killed. Default: no. */
  readonly writesAtEnd?: boolean;
}

/** Starts a broker with files in the directory and output to the log; undefined if it ended. */
export type StartBroker = (
  directory: string,
  log: number,
) => Promise<StartedBroker | undefined>;

/** How a process came about. */
interface Origin {
  readonly name: BrokerName;
  readonly start: StartBroker;
  readonly generator: Generator;
  readonly directory: string;
}

export class BrokerProcess {
  readonly name: BrokerName;
  readonly ports: StartedBroker['ports'];
  readonly version: string;
  /** From the start of the process until a client's connection.open was answered. */
  readonly openSeconds: number;
  /** The CPU time that it took until then. */
  readonly openCpuSeconds: number;
  readonly #started: StartedBroker;
  readonly #origin: Origin;

  private constructor(origin: Origin, started: StartedBroker, openSeconds: number) {
    this.name = origin.name;
    this.ports = started.ports;
    this.version = started.version();
    this.openSeconds = openSeconds;
    this.#started = started;
    this.#origin = origin;
    this.openCpuSeconds = this.cpuSeconds();
  }

  /** Starts a broker and waits until it has accepted a first connection. */
  static start(name: BrokerName, start: StartBroker, generator: Generator): Promise<BrokerProcess> {
    const directory = makeDirectory(`tabmq-bench-${name}-`);
    return BrokerProcess.#launch({ name, start, generator, directory });
  }

  static async #launch(origin: Origin): Promise<BrokerProcess> {
    const { name, start, generator, directory } = origin;
    const logFile = join(directory, 'output.log');
    const log = openSync(logFile, 'a');
    const launched = performance.now();
    const explain = () => {
      const output = readFileSync(logFile, 'utf8').trim();
      return new CannotBench(`${name} ended before it was ready:\n${output}`);
    };
    const started = await start(directory, log).finally(() => closeSync(log));
    if (!started) throw explain();
    const client = await generator.start('await-open', '--port', String(started.ports.amqp));
    const ended = once(started.child, 'exit').then(() => {
      throw explain();
    });
    // When the broker is stopped in the end, nobody is interested in this promise any more.
    ended.catch(() => undefined);
    await Promise.race([client.nextLine(), ended]);
    const openSeconds = (performance.now() - launched) / 1000;
    await client.finish();
    return new BrokerProcess(origin, started, openSeconds);
  }

  /** Ends the broker, by a crash or in good order, and starts it again on what it had stored. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<BrokerProcess> {
    await this.#end(signal);
    return BrokerProcess.#launch(this.#origin);
  }

  /** What its files take on the disk: blocks that were never written do not count. */
  storeBytes(): number {
    return bytesIn(this.#origin.directory);
  }

  /** User and system time so far, of all threads, including those that have ended. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#started.child.pid}/stat`, 'utf8');
    // The command in parentheses may contain anything, so count fields from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  residentKiB(): number {
    const status = readFileSync(`/proc/${this.#started.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]);
  }

  async stop(): Promise<void> {
    // Nothing it holds is kept, so an orderly end is needed for a profile alone.
    await this.#end(this.#started.writesAtEnd === true ? 'SIGTERM' : 'SIGKILL');
    removeDirectory(this.#origin.directory);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child, helpers = [] } = this.#started;
    await endChild(child, signal);
    for (const helper of helpers) await endChild(helper, 'SIGKILL');
  }
}

/** The unit of the blocks that a file is said to have. */
const BLOCK_BYTES = 512;

function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => {
      // Files come and go while the broker runs.
      const file = statSync(join(parentPath, name), { throwIfNoEntry: false });
      return sum + (file?.blocks ?? 0) * BLOCK_BYTES;
    }, 0);
}
