import { closeSync, openSync, writeSync } from 'node:fs';
import { codeOf, StartError } from './start-error.ts';

/** Whoever runs the gateway and their group read its log. */
const FILE_MODE = 0o640;

/** A log in a file, which may be moved away while it is written: `reopen` begins it anew. */
export class LogFile {
  readonly #path: string;
  #descriptor: number;

  /** Throws a StartError where the file cannot be written. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = open(path);
  }

  /** Adds lines at its end. What the disk does not take goes to stderr: a log stops nobody. */
  readonly write = (lines: string): void => {
    try {
      writeSync(this.#descriptor, lines);
    } catch {
      process.stderr.write(lines);
    }
  };

  /** Goes on in the file that has the name now. Throws a StartError, and goes on in the old one. */
  reopen(): void {
    const next = open(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = next;
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'a', FILE_MODE);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such directory', EACCES: 'this user may not',
      EISDIR: 'it is a directory',
    };
    const code = codeOf(error);
    throw new StartError(`Cannot write the log ${path}: ${reasons[code] ?? code}.`);
  }
}
