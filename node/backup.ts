import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  isSegmentName, readInto, SEGMENT_HEADER_BYTES, type DirectoryFile,
} from '../core/storage/index.ts';
import { checkData } from './check.ts';
import { holdFiles } from './held-files.ts';
import { StartError, codeOf } from './start-error.ts';

/** Bytes that are copied at once. */
const COPY_BYTES = 1_048_576;
/** How often a store that is being compacted is copied anew. */
const ATTEMPTS_MAX = 5;

/** What a backup copied. */
export interface BackupReport {
  readonly segments: number;
  readonly bytes: number;
}

/**
 * Copies the data directory of a gateway, at work or not, to a directory that is empty or not
 * there: what was confirmed before is in the copy. A start on the copy brings it back. Throws a
 * StartError that says what is in the way.
 */
export async function backUp(path: string, target: string): Promise<BackupReport> {
  await makeTarget(target);
  for (let attempt = 1; ; attempt++) {
    const report = await copyAll(path, target);
    const { damages } = await checkData(target);
    if (damages.length === 0) return report;
    // A segment that was dropped and one that was begun while the files were opened.
    if (attempt < ATTEMPTS_MAX) continue;
    throw new StartError(`${path} is damaged, and so is its copy in ${target}: see tabmq check.`);
  }
}

async function makeTarget(target: string): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isEmpty(target))) return;
    const reason = codeOf(error) === 'EEXIST' ? 'it is there already, and not empty'
      : codeOf(error) === 'ENOENT' ? `there is no ${dirname(target)}` : (error as Error).message;
    throw new StartError(`The backup cannot be written to ${target}: ${reason}.`);
  }
}

async function isEmpty(target: string): Promise<boolean> {
  return (await readdir(target).catch(() => ['?'])).length === 0;
}

interface HeldFile {
  readonly name: string;
  readonly file: DirectoryFile;
  readonly header: Uint8Array;
}

/**
 * The files are open before the first is copied, so that none is missed, and their headers are
 * read: a header says no more than what lies behind it when it is read, and so of the last file
 * not that another one follows, which is not among them.
 */
async function copyAll(path: string, target: string): Promise<BackupReport> {
  const directory = await holdFiles(path).catch((error: unknown) => {
    if (error instanceof StartError) throw error;
    throw new StartError(`Cannot look at ${path}: ${(error as Error).message}.`);
  });
  try {
    const held: HeldFile[] = [];
    const names = (await directory.list()).filter(isSegmentName).toSorted();
    // The last one before the others, so that hardly any follows it by then.
    for (const name of [...names.slice(-1), ...names.slice(0, -1)]) {
      const file = await directory.open(name);
      const header = await readInto(file, 0, new Uint8Array(SEGMENT_HEADER_BYTES));
      held.push({ name, file, header });
    }
    if (held.length === 0) throw new StartError(`There is no journal in ${path}.`);
    await removeAll(target);
    let bytes = 0;
    for (const each of held) bytes += await copyFile(each, join(target, each.name));
    return { segments: held.length, bytes };
  } finally {
    await directory.close();
  }
}

/** What an attempt before left. */
async function removeAll(target: string): Promise<void> {
  for (const name of await readdir(target)) await unlink(join(target, name));
}

async function copyFile({ file, header }: HeldFile, target: string): Promise<number> {
  const to = await open(target, 'w', 0o600);
  try {
    const buffer = new Uint8Array(COPY_BYTES);
    for (let position = 0; ; ) {
      const bytes = await readInto(file, position, buffer);
      if (position === 0) bytes.set(header.subarray(0, bytes.length));
      if (bytes.length > 0) await to.write(bytes, 0, bytes.length, position);
      position += bytes.length;
      if (bytes.length < buffer.length) {
        await to.datasync();
        return position;
      }
    }
  } finally {
    await to.close();
  }
}
