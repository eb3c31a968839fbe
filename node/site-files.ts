import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Files of a site, known by name from the start, so that no other is served. */
export interface SiteFiles {
  /** Such as `/assets/index.js`. */
  readonly names: ReadonlySet<string>;
  /** Rejects where the file is gone by now. */
  read(name: string): Promise<Buffer>;
}

/** A folder of files. */
export function folderFiles(folder: string): SiteFiles {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return {
    names: new Set(files.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
      join(parentPath, name).slice(folder.length).split(sep).join('/').replace(/^\/?/, '/'))),
    read: (name) => readFile(join(folder, name)),
  };
}

/**
 * The archive that the package has in place of the folder, a third of its size: brotli, and in
 * it, after a line of JSON with names and sizes, one file after the other.
 */
export function archivedFiles(archive: string): SiteFiles | undefined {
  if (!existsSync(archive)) return undefined;
  const bytes = brotliDecompressSync(readFileSync(archive));
  let at = bytes.indexOf('\n');
  const sizes = JSON.parse(bytes.toString('utf8', 0, at++)) as Record<string, number>;
  const files = new Map<string, Buffer>();
  for (const [name, size] of Object.entries(sizes)) files.set(name, bytes.subarray(at, at += size));
  return {
    names: new Set(files.keys()),
    read: (name) => Promise.resolve(files.get(name)!),
  };
}
