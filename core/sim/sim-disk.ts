import type { Clock } from '../ports.ts';
import type { Directory, DirectoryFile } from '../storage/directory.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import type { Chance } from './chance.ts';

/** How long the operations of a disk take, in milliseconds. */
export interface DiskPace {
  syncMs: number;
  otherMs: number;
}

/**
 * A disk that outlives the processes that use it. Each operation takes virtual time on the clock
 * of its process, and is never heard of again when that is killed.
 */
export class SimDisk {
  readonly pace: DiskPace = { syncMs: 2, otherMs: 0 };
  #memory = new MemoryDisk();
  #directory: Directory | undefined;
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  get memory(): MemoryDisk {
    return this.#memory;
  }

  open(clock: Clock): Directory {
    const inner = this.#memory.open();
    this.#directory = inner;
    const slowly = (ms: number): Promise<void> => this.#pass(clock, ms);
    const file = (opened: DirectoryFile): DirectoryFile => slowFile(opened, this.pace, slowly);
    const { pace } = this;
    return {
      list: () => inner.list(),
      async create(name) {
        await slowly(pace.otherMs);
        return file(await inner.create(name));
      },
      open: async (name) => file(await inner.open(name)),
      async remove(name) {
        await slowly(pace.otherMs);
        await inner.remove(name);
      },
      async sync() {
        await slowly(pace.syncMs);
        await inner.sync();
      },
      close: () => inner.close(),
      isFull: (error) => inner.isFull(error),
    };
  }

  /** The process is gone. All that it wrote is there; with the power, what it did not sync goes. */
  lose(power: boolean): void {
    const { faults } = this.#memory;
    if (power) {
      this.#memory = this.#memory.crash(() => this.#chance.next());
      this.#memory.faults.full = faults.full;
    } else {
      void this.#directory?.close();
      faults.syncError = undefined;
      faults.writeBytesMax = Infinity;
    }
    this.#directory = undefined;
  }

  /** A disk with the same files, for somebody else to look at. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const name of this.#memory.names) copy.put(name, this.#memory.bytes(name));
    return copy;
  }

  #pass(clock: Clock, ms: number): Promise<void> {
    const delayMs = Math.floor(this.#chance.next() * 2 * ms);
    return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
  }
}

function slowFile(
  file: DirectoryFile, pace: DiskPace, slowly: (ms: number) => Promise<void>,
): DirectoryFile {
  return {
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    async write(bytes, position) {
      await slowly(pace.otherMs);
      return file.write(bytes, position);
    },
    resize: (bytes) => file.resize(bytes),
    async sync() {
      await slowly(pace.syncMs);
      await file.sync();
    },
    close: () => file.close(),
  };
}
