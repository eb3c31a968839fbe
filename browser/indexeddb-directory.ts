import type { Directory, DirectoryFile } from '../core/storage/index.ts';
import { browserLimits } from './limits.ts';
import { isQuotaExceeded } from './storage-reason.ts';

/** Sizes of the files, by name. */
const FILES = 'files';
/** Blocks of `blockBytes`, by name and index; one that is not there holds zeros. */
const BLOCKS = 'blocks';
const VERSION = 1;
const { blockBytes } = browserLimits;

/**
 * Opens a database as a directory. Each write is a transaction, which is strict: it is complete
 * once it is on the disk, so a sync finds nothing to do, and for want of space a write fails and
 * leaves no trace. https://www.w3.org/TR/IndexedDB-3
 */
export async function openIndexedDbDirectory(name: string): Promise<Directory> {
  const opening = indexedDB.open(name, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(FILES);
    opening.result.createObjectStore(BLOCKS);
  };
  const database = await resultOf(opening);
  const files = database.transaction(FILES).objectStore(FILES);
  const [names, sizes] = await Promise.all([
    resultOf(files.getAllKeys()), resultOf<number[]>(files.getAll()),
  ]);
  const entries = names.map((name, index) => [name as string, sizes[index]!] as const);
  return new IndexedDbDirectory(database, new Map(entries));
}

class IndexedDbDirectory implements Directory {
  readonly #database: IDBDatabase;
  readonly #sizes: Map<string, number>;

  constructor(database: IDBDatabase, sizes: Map<string, number>) {
    this.#database = database;
    this.#sizes = sizes;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#sizes.keys()];
  }

  async create(name: string): Promise<DirectoryFile> {
    await this.#change((files, blocks) => {
      files.put(0, name);
      blocks.delete(blocksOf(name));
    });
    this.#sizes.set(name, 0);
    return this.#fileOf(name);
  }

  async open(name: string): Promise<DirectoryFile> {
    if (!this.#sizes.has(name)) throw new Error(`there is no file ${name}`);
    return this.#fileOf(name);
  }

  async remove(name: string): Promise<void> {
    await this.#change((files, blocks) => {
      files.delete(name);
      blocks.delete(blocksOf(name));
    });
    this.#sizes.delete(name);
  }

  async sync(): Promise<void> {
    // What was written is durable already.
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  isFull(error: unknown): boolean {
    return isQuotaExceeded(error);
  }

  #fileOf(name: string): DirectoryFile {
    return {
      size: async () => this.#sizes.get(name) ?? 0,
      read: (target, position) => this.#read(name, target, position),
      write: (bytes, position) => this.#write(name, bytes, position),
      note: (bytes, position) => this.#write(name, bytes, position, 'relaxed'),
      resize: (bytes) => this.#resize(name, bytes),
      sync: async () => {},
      close: async () => {},
    };
  }

  async #read(name: string, target: Uint8Array, position: number): Promise<number> {
    const length = Math.min(target.length, (this.#sizes.get(name) ?? 0) - position);
    if (length <= 0) return 0;
    const end = position + length;
    const blocks = this.#database.transaction(BLOCKS).objectStore(BLOCKS);
    const range = blocksOf(name, blockAt(position), blockAt(end - 1));
    const [keys, contents] = await Promise.all([
      resultOf(blocks.getAllKeys(range)), resultOf<Uint8Array[]>(blocks.getAll(range)),
    ]);
    const part = target.subarray(0, length).fill(0);
    keys.forEach((key, index) => {
      const start = (key as [string, number])[1] * blockBytes;
      const from = Math.max(position, start);
      const to = Math.min(end, start + blockBytes);
      part.set(contents[index]!.subarray(from - start, to - start), from - position);
    });
    return length;
  }

  async #write(
    name: string, bytes: Uint8Array, position: number, durability: 'strict' | 'relaxed' = 'strict',
  ): Promise<number> {
    const size = this.#sizes.get(name) ?? 0;
    const end = position + bytes.length;
    await this.#change((files, blocks) => {
      if (end > size) files.put(end, name);
      for (let index = blockAt(position); index * blockBytes < end; index++) {
        const start = index * blockBytes;
        const from = Math.max(position, start);
        const part = bytes.subarray(from - position, start + blockBytes - position);
        if (part.length === blockBytes) blocks.put(part.slice(), [name, index]);
        else patch(blocks, [name, index], (block) => block.set(part, from - start));
      }
    }, durability);
    this.#sizes.set(name, Math.max(size, end));
    return bytes.length;
  }

  async #resize(name: string, size: number): Promise<void> {
    const before = this.#sizes.get(name) ?? 0;
    await this.#change((files, blocks) => {
      files.put(size, name);
      if (size >= before) return;
      const rest = size % blockBytes;
      const last = blockAt(size);
      // What is cut off must not be there again when the file grows.
      if (rest > 0) patch(blocks, [name, last], (block) => block.fill(0, rest));
      blocks.delete(blocksOf(name, rest > 0 ? last + 1 : last));
    });
    this.#sizes.set(name, size);
  }

  /** A transaction that is durable when it is over, unless it is relaxed. */
  #change(
    run: (files: IDBObjectStore, blocks: IDBObjectStore) => void,
    durability: 'strict' | 'relaxed' = 'strict',
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { durability };
      const transaction = this.#database.transaction([FILES, BLOCKS], 'readwrite', options);
      transaction.oncomplete = () => resolve();
      // The event `error` comes for each request as well; this one comes once, with the reason.
      transaction.onabort = () => reject(transaction.error ?? new Error('it was interrupted'));
      run(transaction.objectStore(FILES), transaction.objectStore(BLOCKS));
    });
  }
}

function blockAt(position: number): number {
  return Math.floor(position / blockBytes);
}

/** The keys of a file's blocks from one index to another. */
function blocksOf(name: string, first = 0, last = Infinity): IDBKeyRange {
  return IDBKeyRange.bound([name, first], [name, last]);
}

/** Changes a part of a block, in the transaction of the store. */
function patch(
  blocks: IDBObjectStore, key: [string, number], change: (block: Uint8Array) => void,
): void {
  const request = blocks.get(key) as IDBRequest<Uint8Array | undefined>;
  request.onsuccess = () => {
    const block = request.result ?? new Uint8Array(blockBytes);
    change(block);
    blocks.put(block, key);
  };
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('it was interrupted'));
  });
}
