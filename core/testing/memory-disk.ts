import type { Random } from '../ports.ts';
import type { Directory, DirectoryFile } from '../storage/directory.ts';

/** What a crash keeps or loses as a unit. */
const SECTOR_BYTES = 512;

/** What goes wrong on a disk, to be set at any time. */
export interface DiskFaults {
  /** Nothing can be written for want of space. */
  full: boolean;
  /** Space that is said to be left. */
  freeBytes: number;
  /** A write takes no more bytes than these. */
  writeBytesMax: number;
  /** What a write fails with. */
  writeError: string | undefined;
  /** What a sync fails with. */
  syncError: string | undefined;
  /** Syncs wait until this ends. */
  syncHold: Promise<void> | undefined;
}

interface Write {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A file: what programs see, what a crash leaves at least, and what lies between. */
class StoredFile {
  seen: Uint8Array = new Uint8Array(0);
  synced: Uint8Array = new Uint8Array(0);
  unsynced: Write[] = [];

  write(bytes: Uint8Array, position: number): void {
    this.seen = patched(this.seen, { position, bytes });
    this.unsynced.push({ position, bytes: bytes.slice() });
  }

  resize(size: number): void {
    const resized = new Uint8Array(size);
    resized.set(this.seen.subarray(0, size));
    this.seen = resized;
  }

  sync(): void {
    this.synced = this.seen.slice();
    this.unsynced = [];
  }

  /** The file after a crash: of what was not synced, each sector is there or is not. */
  crash(random: Random): StoredFile {
    const image = new StoredFile();
    image.synced = this.synced.slice();
    for (const { position, bytes } of this.unsynced) {
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES));
        const sector = { position: position + at, bytes: bytes.subarray(at, end) };
        if (random() < 0.5) image.synced = patched(image.synced, sector);
        at = end;
      }
    }
    image.seen = image.synced.slice();
    return image;
  }
}

/** A disk with one directory, in memory; it can be full, fail, and lose what was not synced. */
export class MemoryDisk {
  readonly faults: DiskFaults = {
    full: false, freeBytes: Infinity, writeBytesMax: Infinity, writeError: undefined,
    syncError: undefined, syncHold: undefined,
  };
  /** Syncs of files, begun so far. */
  syncs = 0;
  #files = new Map<string, StoredFile>();
  /** The files that a crash leaves. */
  #durable = new Map<string, StoredFile>();
  #inUse = false;

  /** The names of the files. */
  get names(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** The bytes of a file, to look at or to damage. */
  bytes(name: string): Uint8Array {
    return this.#file(name).seen;
  }

  /** Makes a file hold these bytes, durably. */
  put(name: string, bytes: Uint8Array): void {
    const file = new StoredFile();
    file.seen = bytes.slice();
    file.sync();
    this.#files.set(name, file);
    this.#durable.set(name, file);
  }

  /** The disk as the machine finds it after it lost power now. */
  crash(random: Random): MemoryDisk {
    const image = new MemoryDisk();
    const names = new Set([...this.#files.keys(), ...this.#durable.keys()]);
    for (const name of names) {
      const [seen, durable] = [this.#files.get(name), this.#durable.get(name)];
      const file = seen === durable || random() < 0.5 ? seen : durable;
      if (file !== undefined) image.#files.set(name, file.crash(random));
    }
    image.#durable = new Map(image.#files);
    return image;
  }

  /** Opens the directory, for one user at a time. */
  open(): Directory {
    if (this.#inUse) throw new Error('the disk is in use');
    this.#inUse = true;
    return {
      list: async () => this.names,
      create: async (name) => {
        this.#checkWrite();
        this.#files.set(name, new StoredFile());
        return this.#openFile(name);
      },
      open: async (name) => this.#openFile(name),
      remove: async (name) => void this.#files.delete(name),
      sync: async () => {
        await this.#syncing();
        this.#durable = new Map(this.#files);
      },
      close: async () => void (this.#inUse = false),
      space: async () => ({ freeBytes: this.faults.freeBytes, totalBytes: 1e12 }),
      isFull: (error) => error instanceof DiskFull,
    };
  }

  #openFile(name: string): DirectoryFile {
    const file = this.#file(name);
    return {
      size: async () => file.seen.length,
      read: async (target, position) => {
        const bytes = file.seen.subarray(position, position + target.length);
        target.set(bytes);
        return bytes.length;
      },
      write: async (bytes, position) => {
        this.#checkWrite();
        const part = bytes.subarray(0, this.faults.writeBytesMax);
        file.write(part, position);
        return part.length;
      },
      resize: async (size) => file.resize(size),
      sync: async () => {
        this.syncs++;
        await this.#syncing();
        file.sync();
      },
      close: async () => {},
    };
  }

  #file(name: string): StoredFile {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`there is no file ${name}`);
    return file;
  }

  #checkWrite(): void {
    const { full, writeError } = this.faults;
    if (writeError !== undefined) throw new Error(writeError);
    if (full) throw new DiskFull('no space left on device');
  }

  async #syncing(): Promise<void> {
    await this.faults.syncHold;
    const { syncError } = this.faults;
    if (syncError !== undefined) throw new Error(syncError);
  }
}

class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

function patched(bytes: Uint8Array, { position, bytes: patch }: Write): Uint8Array {
  const end = position + patch.length;
  let target = bytes;
  if (end > bytes.length) {
    target = new Uint8Array(end);
    target.set(bytes);
  }
  target.set(patch, position);
  return target;
}
