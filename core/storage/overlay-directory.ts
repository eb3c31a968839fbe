import { readAll, type Directory, type DirectoryFile } from './directory.ts';

interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A file as it would be had it been written: what was written lies over what is there. */
interface OverlaidFile {
  size: number;
  /** How much of the file below still shows. */
  baseEnd: number;
  patches: Patch[];
}

/**
 * A directory of which nothing is ever changed: what is written to it stays in memory. So a
 * journal can be opened, repaired and read to tell what it holds, and be left as it was.
 */
export function overlayDirectory(base: Directory): Directory {
  const files = new Map<string, OverlaidFile>();
  const removed = new Set<string>();
  return {
    list: async () => {
      const names = new Set([...await base.list(), ...files.keys()]);
      return [...names].filter((name) => !removed.has(name));
    },
    create: async (name) => {
      removed.delete(name);
      const file: OverlaidFile = { size: 0, baseEnd: 0, patches: [] };
      files.set(name, file);
      return overlaid(file, undefined);
    },
    open: async (name) => {
      const known = files.get(name);
      if (known?.baseEnd === 0) return overlaid(known, undefined);
      const below = await base.open(name);
      const size = await below.size();
      const file = known ?? { size, baseEnd: size, patches: [] };
      files.set(name, file);
      return overlaid(file, below);
    },
    remove: async (name) => {
      files.delete(name);
      removed.add(name);
    },
    sync: async () => {},
    close: () => base.close(),
    isFull: (error) => base.isFull(error),
  };
}

function overlaid(file: OverlaidFile, below: DirectoryFile | undefined): DirectoryFile {
  return {
    size: async () => file.size,
    read: async (target, position) => {
      const length = Math.max(0, Math.min(target.length, file.size - position));
      const bytes = target.subarray(0, length).fill(0);
      const shown = Math.min(length, file.baseEnd - position);
      if (below !== undefined && shown > 0) bytes.set(await readAll(below, position, shown));
      for (const patch of file.patches) lay(patch, bytes, position);
      return length;
    },
    write: async (bytes, position) => {
      file.patches.push({ position, bytes: bytes.slice() });
      file.size = Math.max(file.size, position + bytes.length);
      return bytes.length;
    },
    resize: async (size) => {
      file.size = size;
      file.baseEnd = Math.min(file.baseEnd, size);
      file.patches = file.patches
        .filter(({ position }) => position < size)
        .map(({ position, bytes }) => ({ position, bytes: bytes.subarray(0, size - position) }));
    },
    sync: async () => {},
    close: async () => below?.close(),
  };
}

/** Copies what a patch has of the bytes that begin at `position`. */
function lay(patch: Patch, bytes: Uint8Array, position: number): void {
  const start = Math.max(patch.position, position);
  const end = Math.min(patch.position + patch.bytes.length, position + bytes.length);
  if (start >= end) return;
  bytes.set(patch.bytes.subarray(start - patch.position, end - patch.position), start - position);
}
