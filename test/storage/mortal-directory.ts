import type { Directory, DirectoryFile } from '../../core/storage/index.ts';

/** A directory that can die as its program does: what is under way ends, nothing else begins. */
export class MortalDirectory {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #files = new Set<DirectoryFile>();
  #directory!: Directory;
  #dead = false;

  wrap = (directory: Directory): Directory => {
    this.#directory = directory;
    return {
      ...this.#guarded(directory, ['list', 'remove', 'sync', 'close']),
      create: (name) => this.#guard(async () => this.#wrapFile(await directory.create(name))),
      open: (name) => this.#guard(async () => this.#wrapFile(await directory.open(name))),
      isFull: (error) => directory.isFull(error),
    } as Directory;
  };

  async kill(): Promise<void> {
    this.#dead = true;
    await Promise.allSettled(this.#underWay);
    for (const file of this.#files) await file.close().catch(() => {});
    await this.#directory.close();
  }

  #wrapFile(file: DirectoryFile): DirectoryFile {
    this.#files.add(file);
    return this.#guarded(file, ['size', 'read', 'write', 'resize', 'sync', 'close']) as DirectoryFile;
  }

  #guarded<T extends object>(target: T, names: (keyof T)[]): object {
    const guarded = names.map((name) => {
      const call = target[name] as (...args: unknown[]) => Promise<unknown>;
      return [name, (...args: unknown[]) => this.#guard(() => call.apply(target, args))];
    });
    return Object.fromEntries(guarded) as object;
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    if (this.#dead) return new Promise<T>(() => {});
    const running = run();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }
}
