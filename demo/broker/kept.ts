/** What the broker of the playground keeps over a reload of the page. */
import { eraseTabJournal, openTabJournal, type StorageKind } from '../../browser/storage.ts';
import { storageReason } from '../../browser/storage-reason.ts';
import type { Clock } from '../../core/ports.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { LockstepJournal } from './lockstep-journal.ts';

export interface Kept {
  readonly kind: StorageKind;
  /** Why that is not what it should be; '' where it is. */
  readonly notice: string;
  /** What lay in it is not whole, and the rest was kept. */
  readonly salvaged: boolean;
  readonly journal: LockstepJournal;
  /** As it is found after a crash. */
  reopen(): Promise<Kept>;
}

/**
 * Opens what was kept of a workspace, or begins with nothing; where a browser keeps nothing, in
 * memory.
 */
export async function openKept(
  clock: Clock, workspace: string, { fresh }: { fresh: boolean },
): Promise<Kept> {
  try {
    if (fresh) await eraseTabJournal(workspace);
    const { kind, journal } = await openTabJournal({ name: workspace, clock, salvage: true });
    const salvaged = journal.opened.dropped.length > 0;
    return {
      kind, salvaged, journal: new LockstepJournal(journal),
      notice: salvaged ? 'A part of what was kept is damaged and was given up.' : '',
      async reopen() {
        // What failed says so once more when it is closed; what is durable is there all the same.
        await journal.close().catch(() => {});
        return openKept(clock, workspace, { fresh: false });
      },
    };
  } catch (error) {
    const notice = `Nothing is kept over a reload: ${storageReason(error)}.`;
    return inMemory(new MemoryJournal(), notice);
  }
}

function inMemory(journal: MemoryJournal, notice: string): Kept {
  return {
    kind: 'memory', salvaged: false, notice, journal: new LockstepJournal(journal),
    reopen: async () => inMemory(journal.reopen(), notice),
  };
}

/** Erases what was kept of a workspace that is not open. */
export async function eraseKept(workspace: string): Promise<void> {
  // Where nothing may be kept, nothing was.
  await eraseTabJournal(workspace).catch(() => {});
}
