import { randomUUID } from 'node:crypto';
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError, codeOf } from './start-error.ts';

const LOCK = 'lock';
/** Others that take over the same stale lock at the same time make one begin again, a few times. */
const ATTEMPTS_MAX = 5;
/** Field of /proc/PID/stat, counted from behind the name, that says when a process started. */
const START_FIELD = 19;

/** Who holds a directory. */
interface Holder {
  readonly pid: number;
  /** When it started, where the system says so: an id is given to another process again. */
  readonly started: string;
  /** The directory that it has; a copy of the directory is another one. */
  readonly directory: string;
}

/**
 * Takes a directory for this process, or says who has it. The lock is a file that names its
 * holder; that of a process which is gone is taken over. Answers how to let go.
 */
export async function lockDirectory(path: string): Promise<() => Promise<void>> {
  const file = join(path, LOCK);
  const directory = await identityOf(path);
  const own = JSON.stringify({
    pid: process.pid, started: await startOf(process.pid), directory,
  });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await claim(file, own)) return () => unlink(file).catch(absent);
    const text = await readFile(file, 'utf8').catch(absent);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && (await holds(holder, directory))) throw inUse(path, holder);
    await discard(file, text);
  }
  throw new StartError(`The data directory ${path} is being locked by several processes.`);
}

/** The process that has the directory, if one has; changes nothing. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const holder = parseHolder(await readFile(join(path, LOCK), 'utf8').catch(absent) ?? '');
  const held = holder !== undefined && (await holds(holder, await identityOf(path)));
  return held ? holder.pid : undefined;
}

/** The lock appears with its text or not at all: a half-written one would look stale. */
async function claim(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    await unlink(draft).catch(absent);
  }
}

/** Removes a stale lock; where another process has replaced it meanwhile, puts that one back. */
async function discard(file: string, stale: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    return absent(error);
  }
  try {
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file);
  } finally {
    await unlink(aside);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started, directory = '' } = JSON.parse(text) as Partial<Holder>;
    if (!Number.isInteger(pid)) return undefined;
    return { pid: pid!, started: String(started), directory: String(directory) };
  } catch {
    return undefined;
  }
}

/** Whether the lock is of this directory, and its process is there. */
async function holds(holder: Holder, directory: string): Promise<boolean> {
  // A version before this one did not say which directory it has.
  const isThisOne = holder.directory === '' || holder.directory === directory;
  return isThisOne && isAlive(holder);
}

/** What tells a directory from its copies: a copy has the lock, and another place on the disk. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}/${ino}`;
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user cannot be signalled, but is there.
    if (codeOf(error) === 'ESRCH') return false;
  }
  return (await startOf(pid)) === started;
}

/** When a process started, as a text that no other process of that id has; '' where unknown. */
async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '';
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${boot.trim()}/${fields[START_FIELD] ?? ''}`;
}

function inUse(path: string, { pid }: Holder): StartError {
  return new StartError(`The data directory ${path} is in use by process ${pid}.`);
}

/** Passes over a file that is not there (any more). */
function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
