import type { Directory, DirectoryFile } from '../../core/storage/index.ts';
import type { IoCounts } from '../../core/management/index.ts';

/** Hears how long each sync of the journal took, in seconds. */
export type OnSync = (seconds: number) => void;

export function noIo(): IoCounts {
  return {
    reads: 0, readBytes: 0, readSeconds: 0, writes: 0, writtenBytes: 0, writeSeconds: 0,
    syncs: 0, syncSeconds: 0,
  };
}

/** The same directory; what is done to its files is counted and timed. */
export function measured(directory: Directory, io: IoCounts, onSync: OnSync): Directory {
  const sync = async (run: () => Promise<void>): Promise<void> => {
    const began = performance.now();
    await run();
    const seconds = (performance.now() - began) / 1000;
    io.syncs++;
    io.syncSeconds += seconds;
    onSync(seconds);
  };
  const wrap = (file: DirectoryFile): DirectoryFile => ({
    size: () => file.size(),
    resize: (bytes) => file.resize(bytes),
    close: () => file.close(),
    sync: () => sync(() => file.sync()),
    ...(file.note !== undefined && { note: (bytes, position) => file.note!(bytes, position) }),
    async read(target, position) {
      const began = performance.now();
      const bytes = await file.read(target, position);
      io.reads++;
      io.readBytes += bytes;
      io.readSeconds += (performance.now() - began) / 1000;
      return bytes;
    },
    async write(bytes, position) {
      const began = performance.now();
      const written = await file.write(bytes, position);
      io.writes++;
      io.writtenBytes += written;
      io.writeSeconds += (performance.now() - began) / 1000;
      return written;
    },
  });
  return {
    list: () => directory.list(),
    create: async (name) => wrap(await directory.create(name)),
    open: async (name) => wrap(await directory.open(name)),
    remove: (name) => directory.remove(name),
    sync: () => directory.sync(),
    close: () => directory.close(),
    ...(directory.space !== undefined && { space: () => directory.space!() }),
    isFull: (error) => directory.isFull(error),
  };
}
