import type { Directory, DirectoryFile } from '../core/storage/index.ts';
import { isQuotaExceeded } from './storage-reason.ts';

/** What a dedicated worker, and nothing else, can do with a file of the origin. */
interface SyncAccessHandle {
  getSize(): number;
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(bytes: number): void;
  flush(): void;
  close(): void;
}

type SyncFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
};

/** Names are kept, as TypeScript's library of the DOM has no asynchronous iteration. */
type IterableFolder = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

/** Whether this is a dedicated worker of a browser that has synchronous file handles. */
export function hasSyncFiles(): boolean {
  const prototype = globalThis.FileSystemFileHandle?.prototype as object | undefined;
  return prototype !== undefined && 'createSyncAccessHandle' in prototype;
}

/** Opens a folder of the origin's private file system. https://fs.spec.whatwg.org */
export async function openOpfsDirectory(name: string): Promise<Directory> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  return new OpfsDirectory(folder as IterableFolder);
}

const CLEARED = 'the data of this site were cleared';

/**
 * A file has one handle at most, which all who opened it share. A person may clear the data of the
 * site under it: a handle to a file that is gone goes on to take what is written.
 */
class OpenFile {
  readonly closed: Promise<void>;
  users = 0;
  readonly #handle: SyncAccessHandle;
  readonly #isThere: () => Promise<boolean>;
  #close: () => void = () => {};

  constructor(handle: SyncAccessHandle, isThere: () => Promise<boolean>) {
    this.#handle = handle;
    this.#isThere = isThere;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  get size(): number {
    const bytes = this.#handle.getSize();
    // The number of an error again, of which in 64 bits no more is left.
    if (!Number.isSafeInteger(bytes)) throw fault(NOT_FOUND);
    return bytes;
  }

  set size(bytes: number) {
    this.#handle.truncate(bytes);
    // In a private window Chromium does not say that there is no space for it.
    if (this.size < bytes) throw fault(NO_SPACE);
  }

  read(target: Uint8Array, at: number): number {
    return counted(this.#handle.read(target, { at }), target.length);
  }

  write(bytes: Uint8Array, at: number): number {
    return counted(this.#handle.write(bytes, { at }), bytes.length);
  }

  /** What was written is durable, and lies where it will be found. */
  async sync(): Promise<void> {
    // The browser looks while this worker flushes, so that it takes next to no time.
    const looking = this.#isThere();
    this.#handle.flush();
    if (!await looking) throw new Error(CLEARED);
  }

  async close(): Promise<void> {
    // Chromium blocks the worker for ever where it is to close a file that was cleared away.
    if (await this.#isThere()) this.#handle.close();
    this.#close();
  }
}

/** Errors of Chromium's files, as it counts them. */
const [NOT_FOUND, NO_SPACE] = [-4, -8];

/** In a private window Chromium passes the number of an error off as that of bytes. */
function counted(bytes: number, bytesMax: number): number {
  if (bytes > bytesMax) throw fault(bytes | 0);
  return bytes;
}

function fault(error: number): Error {
  if (error === NO_SPACE) return new DOMException('there is no space', 'QuotaExceededError');
  return new Error(error === NOT_FOUND ? CLEARED : `the browser's files failed with ${error}`);
}

class OpfsDirectory implements Directory {
  readonly #folder: IterableFolder;
  readonly #files = new Map<string, Promise<OpenFile>>();
  /** Those whose handle is about to be given back. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(folder: IterableFolder) {
    this.#folder = folder;
  }

  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of this.#folder.keys()) names.push(name);
    return names;
  }

  async create(name: string): Promise<DirectoryFile> {
    const file = await this.#use(name, true);
    await file.resize(0);
    return file;
  }

  open(name: string): Promise<DirectoryFile> {
    return this.#use(name, false);
  }

  /** Waits for those who read the file, as it cannot be removed from under them. */
  async remove(name: string): Promise<void> {
    await (await this.#files.get(name))?.closed;
    await this.#closing.get(name);
    await this.#folder.removeEntry(name);
  }

  async sync(): Promise<void> {
    // The browser keeps its own record of which files there are.
  }

  async close(): Promise<void> {
    for (const opening of this.#files.values()) await (await opening).close();
    this.#files.clear();
  }

  isFull(error: unknown): boolean {
    return isQuotaExceeded(error);
  }

  async #use(name: string, create: boolean): Promise<DirectoryFile> {
    let opening = this.#files.get(name);
    if (opening === undefined) {
      opening = this.#open(name, create);
      this.#files.set(name, opening);
      opening.catch(() => this.#files.delete(name));
    }
    const file = await opening;
    file.users++;
    let open = true;
    return directoryFile(file, async () => {
      if (!open) return;
      open = false;
      if (--file.users > 0) return;
      // Whoever opens the file meanwhile has to wait until its handle is given back.
      this.#closing.set(name, file.closed);
      this.#files.delete(name);
      await file.close();
      this.#closing.delete(name);
    });
  }

  async #open(name: string, create: boolean): Promise<OpenFile> {
    await this.#closing.get(name);
    const handle = (await this.#folder.getFileHandle(name, { create })) as SyncFileHandle;
    return new OpenFile(await handle.createSyncAccessHandle(), () => this.#has(name));
  }

  #has(name: string): Promise<boolean> {
    return this.#folder.getFileHandle(name).then(() => true, (error: Error) => {
      if (error.name === 'NotFoundError') return false;
      throw error;
    });
  }
}

function directoryFile(file: OpenFile, close: () => Promise<void>): DirectoryFile {
  return {
    size: async () => file.size,
    read: async (target, position) => file.read(target, position),
    write: async (bytes, position) => file.write(bytes, position),
    resize: async (bytes) => void (file.size = bytes),
    sync: () => file.sync(),
    close,
  };
}
