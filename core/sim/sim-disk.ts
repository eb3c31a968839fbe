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
  readonly pace: DiskPace;
  /** What `breakIn` waits for. */
  #planned: { left: number; readonly isSync: boolean; readonly run: () => void } | undefined;
  #memory = new MemoryDisk();
  #directory: Directory | undefined;
  readonly #chance: Chance;

  constructor(chance: Chance, pace: DiskPace, writeBytesMax: number) {
    this.#chance = chance;
    this.pace = { ...pace };
    this.#memory.faults.writeBytesMax = writeBytesMax;
  }

  get memory(): MemoryDisk {
    return this.#memory;
  }

  open(clock: Clock): Directory {
    const inner = this.#memory.open();
    this.#directory = inner;
    const slowly: Pass = (ms, kind) => this.#pass(clock, ms, kind);
    const file = (opened: DirectoryFile): DirectoryFile => slowFile(opened, this.pace, slowly);
    const { pace } = this;
    return {
      async list() {
        await slowly(0);
        return inner.list();
      },
      async create(name) {
        await slowly(pace.otherMs);
        return file(await inner.create(name));
      },
      async open(name) {
        await slowly(0);
        return file(await inner.open(name));
      },
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

  /** Calls `run` instead of doing the write, or the sync, that is so many ahead. */
  breakIn(left: number, isSync: boolean, run: () => void): void {
    this.#planned = { left, isSync, run };
  }

  /** No operation is broken off any more. */
  mend(): void {
    this.#planned = undefined;
  }

  /** The process is gone. All that it wrote is there; with the power, what it did not sync goes. */
  lose(power: boolean): void {
    const { faults } = this.#memory;
    if (power) {
      this.#memory = this.#memory.crash(() => this.#chance.next());
      this.#memory.faults.full = faults.full;
      this.#memory.faults.writeBytesMax = faults.writeBytesMax;
    } else {
      void this.#directory?.close();
      faults.syncError = undefined;
    }
    this.#directory = undefined;
    this.mend();
  }

  #pass(clock: Clock, ms: number, kind?: 'write' | 'sync'): Promise<void> {
    const delayMs = Math.floor(this.#chance.next() * 2 * ms);
    return new Promise((resolve) => void clock.setTimer(delayMs, () => {
      const planned = this.#planned;
      const counts = kind !== undefined && planned?.isSync === (kind === 'sync');
      if (!counts || planned.left-- > 0) resolve();
      else planned.run();
    }));
  }
}

type Pass = (ms: number, kind?: 'write' | 'sync') => Promise<void>;

function slowFile(
  file: DirectoryFile, pace: DiskPace, slowly: Pass,
): DirectoryFile {
  return {
    size: () => file.size(),
    async read(target, position) {
      await slowly(0);
      return file.read(target, position);
    },
    async write(bytes, position) {
      await slowly(pace.otherMs, 'write');
      return file.write(bytes, position);
    },
    async resize(bytes) {
      await slowly(pace.otherMs);
      await file.resize(bytes);
    },
    async sync() {
      await slowly(pace.syncMs, 'sync');
      await file.sync();
    },
    close: () => file.close(),
  };
}
