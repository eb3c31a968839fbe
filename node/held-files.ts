import { isSegmentName, type Directory, type DirectoryFile } from '../core/storage/index.ts';
import { directoryAt } from './file-system.ts';
import { StartError, codeOf } from './start-error.ts';

/** How often the files are opened anew where some of them went meanwhile. */
const ATTEMPTS_MAX = 20;

type Files = ReadonlyMap<string, DirectoryFile>;

/**
 * The segments of a journal as they are now, to be looked at: all of them are open from now on, so
 * that none is missed that a process at work there deletes meanwhile.
 */
export async function holdFiles(path: string): Promise<Directory> {
  const directory = directoryAt(path, { access: 'r' });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const files = await openAll(directory);
    if (files !== undefined) return heldDirectory(directory, files);
  }
  throw new StartError(`${path} changes faster than it can be read: look at a copy of it.`);
}

/** Undefined: one was deleted before it was open. */
async function openAll(directory: Directory): Promise<Files | undefined> {
  const files = new Map<string, DirectoryFile>();
  try {
    // The oldest go first, and so they are opened first.
    for (const name of (await directory.list()).filter(isSegmentName).sort()) {
      files.set(name, await directory.open(name));
    }
    return files;
  } catch (error) {
    await closeAll(files);
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function heldDirectory(directory: Directory, files: Files): Directory {
  return {
    ...directory,
    list: async () => [...files.keys()],
    open: async (name) => ({ ...files.get(name)!, close: async () => {} }),
    close: () => closeAll(files),
  };
}

async function closeAll(files: Files): Promise<void> {
  for (const file of files.values()) await file.close();
}
