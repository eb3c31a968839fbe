/** The built command line, run as a user runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { Inbox, within } from '../clients/waiting.ts';
import { freePortFlags } from '../support/free-port.ts';

const command = fileURLToPath(new URL('../../dist/node/cli.js', import.meta.url));

export interface CommandOptions {
  readonly flags?: readonly string[];
  /** Default: TABMQ_MEMORY alone, so that nothing is left behind. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it runs. */
  readonly cwd?: string;
}

function launch({ flags = [], environment = {}, cwd }: CommandOptions): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('TABMQ_'));
  const child = spawn(process.execPath, [command, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: { ...Object.fromEntries(inherited), TABMQ_MEMORY: 'true', ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export async function run(options: CommandOptions): Promise<Outcome> {
  const child = launch(options);
  const outcome = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
  const [stdout, stderr, [code]] = await within('the command to exit', outcome);
  return { code, stdout, stderr };
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: Inbox<string>;
  readonly stderr: Inbox<string>;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exit: Promise<number | string>;
}

/** Starts it with free ports, unless the flags say otherwise. */
export function start({ flags = [], ...options }: CommandOptions = {}): Running {
  const child = launch({ ...options, flags: [...freePortFlags, ...flags] });
  const stdout = new Inbox<string>();
  const stderr = new Inbox<string>();
  createInterface(child.stdout!).on('line', stdout.put);
  createInterface(child.stderr!).on('line', stderr.put);
  const exit = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return { child, stdout, stderr, exit };
}

export interface Ready {
  readonly ready: boolean;
  readonly amqp: number;
  readonly http: number;
  readonly amqps?: number;
  readonly https?: number;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly data: string | null;
}

/** Starts it and waits until it is ready. */
export async function startReady(options: CommandOptions = {}): Promise<Running & { ready: Ready }> {
  const running = start({ ...options, flags: ['--ready-json', ...(options.flags ?? [])] });
  return { ...running, ready: JSON.parse(await running.stdout.take('the ready line')) };
}
