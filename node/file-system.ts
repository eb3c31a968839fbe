import { constants, existsSync } from 'node:fs';
import { mkdir, open, readdir, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Directory, DirectoryFile } from '../core/storage/index.ts';
import { lockDirectory } from './directory-lock.ts';
import { StartError, codeOf } from './start-error.ts';

/** Whether an operation found no space. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
}

/**
 * Opens a directory of this machine for one journal, and makes it where there is none. Its parent
 * must be there: a path that was mistyped does not begin a second, empty store.
 */
export async function openDirectory(path: string): Promise<Directory> {
  try {
    await makeDirectory(path);
    const unlock = await lockDirectory(path);
    return directoryAt(path, { access: 'r+', close: unlock });
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(reasonOf(path, error));
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw error;
  }
  await syncDirectory(dirname(path));
}

interface DirectoryAccess {
  /** How files are opened that exist: to be looked at, or to be written as well. */
  readonly access: 'r' | 'r+';
  readonly close?: () => Promise<void>;
}

/** The files of a directory, whoever holds it. */
export function directoryAt(path: string, { access, close }: DirectoryAccess): Directory {
  return {
    close: close ?? (async () => {}),
    list: () => readdir(path),
    create: async (name) => {
      const { O_CREAT, O_RDWR, O_TRUNC } = constants;
      return fileOf(await open(join(path, name), O_CREAT | O_RDWR | O_TRUNC, 0o600));
    },
    open: async (name) => fileOf(await open(join(path, name), access)),
    remove: (name) => unlink(join(path, name)),
    sync: () => syncDirectory(path),
    space: async () => {
      const { bavail, blocks, bsize } = await statfs(path);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    isFull,
  };
}

function fileOf(handle: FileHandle): DirectoryFile {
  return {
    size: async () => (await handle.stat()).size,
    read: async (target, position) => {
      return (await handle.read(target, 0, target.length, position)).bytesRead;
    },
    write: async (bytes, position) => {
      return (await handle.write(bytes, 0, bytes.length, position)).bytesWritten;
    },
    resize: (bytes) => handle.truncate(bytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** Windows opens no directories, and needs no sync of them. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function reasonOf(path: string, error: unknown): string {
  const parent = dirname(path);
  switch (codeOf(error)) {
    case 'ENOENT':
      return existsSync(parent)
        ? `The data directory ${path} is a link that leads nowhere.`
        : `The data directory ${path} cannot be made: there is no ${parent}.`;
    case 'ENOTDIR':
      return existsSync(path)
        ? `The data directory ${path} is not a directory.`
        : `The data directory ${path} cannot be made: ${parent} is not a directory.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `The data directory ${path} cannot be written: ${codeOf(error)}.`;
    default: {
      const why = isFull(error) ? 'there is no space left' : (error as Error).message;
      return `The data directory ${path} cannot be used: ${why}.`;
    }
  }
}
