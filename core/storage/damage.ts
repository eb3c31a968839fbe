/** What a salvage gives up: part of a file of the journal, or all of it. */
export interface Dropped {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** Messages that came to all of the file that is lost; undefined: nobody knows. */
  readonly messages?: number;
}

/** Records that were durable once cannot be read any more. */
export class JournalDamage extends Error {
  override readonly name = 'JournalDamage';
  readonly damages: readonly Dropped[];

  constructor(damages: readonly Dropped[]) {
    super(`damaged: ${damages.map(describeDropped).join(', ')}`);
    this.damages = damages;
  }
}

/** A later version wrote the journal, in a format that this one cannot read. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';
  readonly version: number;

  constructor(file: string, version: number) {
    super(`${file} has format ${version}`);
    this.version = version;
  }
}

/** One place for people: file, offset and size, and how many messages that was. */
export function describeDropped({ file, offset, bytes, messages }: Dropped): string {
  const noun = messages === 1 ? 'message' : 'messages';
  const lost = messages === undefined ? '' : `, ${messages} ${noun}`;
  return `${file} at offset ${offset} (${bytes} bytes${lost})`;
}
