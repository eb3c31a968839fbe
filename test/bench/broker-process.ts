import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
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
}

/** Starts a broker with files in the directory and output to the log; undefined if it ended. */
export type StartBroker = (
  directory: string,
  log: number,
) => Promise<StartedBroker | undefined>;

export class BrokerProcess {
  readonly name: BrokerName;
  readonly ports: StartedBroker['ports'];
  readonly version: string;
  /** From the start of the process until a client's connection.open was answered. */
  readonly openSeconds: number;
  readonly #started: StartedBroker;
  readonly #directory: string;

  private constructor(
    name: BrokerName,
    started: StartedBroker,
    directory: string,
    openSeconds: number,
  ) {
    this.name = name;
    this.ports = started.ports;
    this.version = started.version();
    this.openSeconds = openSeconds;
    this.#started = started;
    this.#directory = directory;
  }

  /** Starts a broker and waits until it has accepted a first connection. */
  static async start(
    name: BrokerName,
    start: StartBroker,
    generator: Generator,
  ): Promise<BrokerProcess> {
    const directory = makeDirectory(`tabmq-bench-${name}-`);
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
    return new BrokerProcess(name, started, directory, openSeconds);
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
    // Nothing it holds is kept, so there is no need to wait for an orderly end.
    for (const child of [this.#started.child, ...(this.#started.helpers ?? [])]) {
      await endChild(child, 'SIGKILL');
    }
    removeDirectory(this.#directory);
  }
}
