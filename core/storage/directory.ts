/** Bytes of the disk that a directory lies on. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A file of a directory, open for reading and writing. */
export interface DirectoryFile {
  size(): Promise<number>;
  /** Reads from `position` on and answers how many bytes it got: fewer at the end, maybe before. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes at `position` and answers how many bytes it took, maybe fewer than all. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /**
   * The same for a few bytes that a crash of the machine may lose until the next sync, where that
   * costs less than `write`.
   */
  note?(bytes: Uint8Array, position: number): Promise<unknown>;
  /** Cuts the file, or lengthens it by zeros that take no space yet. */
  resize(bytes: number): Promise<void>;
  /** Makes what was written durable, and the size with it. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A flat directory that belongs to one journal: a folder of Node, of a browser's private file
 * system, or of a simulated disk.
 */
export interface Directory {
  list(): Promise<readonly string[]>;
  /** Makes an empty file, also where there was one of that name. */
  create(name: string): Promise<DirectoryFile>;
  /** Opens a file that exists. */
  open(name: string): Promise<DirectoryFile>;
  remove(name: string): Promise<void>;
  /** Makes durable which files exist. */
  sync(): Promise<void>;
  /** Lets others have the directory. */
  close(): Promise<void>;
  /** How much space is left, where that is known. */
  space?(): Promise<DiskSpace>;
  /** Whether an operation failed with this error for want of space. */
  isFull(error: unknown): boolean;
}

/** Writes all of `bytes`, in as many steps as it takes. */
export async function writeAll(
  file: DirectoryFile, bytes: Uint8Array, position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
  }
}

/** Reads up to `length` bytes from `position` on: fewer only where the file ends. */
export function readAll(
  file: DirectoryFile, position: number, length: number,
): Promise<Uint8Array> {
  return readInto(file, position, new Uint8Array(length));
}

/** Fills `bytes` from `position` on, and answers the part that it could fill. */
export async function readInto(
  file: DirectoryFile, position: number, bytes: Uint8Array,
): Promise<Uint8Array> {
  const { length } = bytes;
  let done = 0;
  while (done < length) {
    const count = await file.read(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return done === length ? bytes : bytes.subarray(0, done);
}

/** Opens a file of the directory for as long as `use` takes. */
export async function withFile<T>(
  directory: Directory, name: string, use: (file: DirectoryFile) => Promise<T>,
): Promise<T> {
  const file = await directory.open(name);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
