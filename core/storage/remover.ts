import type { Directory } from './directory.ts';
import type { Segment } from './segment.ts';

/**
 * Deletes segments one after the other, oldest first, and each for good before the next: so no
 * crash brings one back without those behind it.
 */
export class Remover {
  readonly #directory: Directory;
  readonly #beforeRemoving: () => Promise<void>;
  readonly #onRemoved: () => void;
  readonly #doomed: Segment[] = [];
  #removing: Promise<void> | undefined;

  /** `beforeRemoving` writes down for good that what is removed is missed by nobody. */
  constructor(
    directory: Directory, beforeRemoving: () => Promise<void>, onRemoved: () => void,
  ) {
    this.#directory = directory;
    this.#beforeRemoving = beforeRemoving;
    this.#onRemoved = onRemoved;
  }

  remove(segment: Segment): void {
    this.#doomed.push(segment);
    this.#removing ??= this.#run();
  }

  /** Waits for the deletions under way. */
  async done(): Promise<void> {
    await this.#removing;
  }

  async #run(): Promise<void> {
    try {
      while (this.#doomed.length > 0) {
        const segment = this.#doomed[0]!;
        await segment.abandon();
        await this.#beforeRemoving();
        await this.#directory.remove(segment.name);
        this.#doomed.shift();
        await this.#directory.sync();
        this.#onRemoved();
      }
    } catch {
      // What could not be deleted only takes space; the next deletion begins with it.
    }
    this.#removing = undefined;
  }
}
