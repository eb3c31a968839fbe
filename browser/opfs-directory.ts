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

/** A file has one handle at most, which all who opened it share. */
class OpenFile {
  readonly handle: SyncAccessHandle;
  readonly closed: Promise<void>;
  users = 0;
  #close: () => void = () => {};

  constructor(handle: SyncAccessHandle) {
    this.handle = handle;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  close(): void {
    this.handle.close();
    this.#close();
  }
}

class OpfsDirectory implements Directory {
  readonly #folder: IterableFolder;
  readonly #files = new Map<string, Promise<OpenFile>>();

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
    await this.#folder.removeEntry(name);
  }

  async sync(): Promise<void> {
    // The browser keeps its own record of which files there are.
  }

  async close(): Promise<void> {
    for (const opening of this.#files.values()) (await opening).close();
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
    return directoryFile(file.handle, () => {
      if (!open) return;
      open = false;
      if (--file.users > 0) return;
      this.#files.delete(name);
      file.close();
    });
  }

  async #open(name: string, create: boolean): Promise<OpenFile> {
    const handle = (await this.#folder.getFileHandle(name, { create })) as SyncFileHandle;
    return new OpenFile(await handle.createSyncAccessHandle());
  }
}

function directoryFile(handle: SyncAccessHandle, close: () => void): DirectoryFile {
  return {
    size: async () => handle.getSize(),
    read: async (target, position) => handle.read(target, { at: position }),
    write: async (bytes, position) => handle.write(bytes, { at: position }),
    resize: async (bytes) => handle.truncate(bytes),
    sync: async () => handle.flush(),
    close: async () => close(),
  };
}
