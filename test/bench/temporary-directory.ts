import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Directories that are gone when the bench has ended, however it ends. */

const directories = new Set<string>();

process.on('exit', () => {
  for (const directory of directories) removeDirectory(directory);
});

export function makeDirectory(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  directories.add(directory);
  return directory;
}

export function removeDirectory(directory: string): void {
  // A process that was just killed may still be writing its last file into it.
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  directories.delete(directory);
}
