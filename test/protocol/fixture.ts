/** Recorded bytes: `;` starts a comment, `# ` says what the frame in the next line of hex means. */
import { readFileSync } from 'node:fs';

export interface RecordedFrame {
  readonly meaning: string;
  readonly bytes: Uint8Array;
}

/** The frames of `test/fixtures/<name>.hex`. */
export function readFixture(name: string): RecordedFrame[] {
  const text = readFileSync(new URL(`../fixtures/${name}.hex`, import.meta.url), 'utf8');
  const frames: RecordedFrame[] = [];
  let meaning = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) meaning = line.slice(2);
    else if (/^[0-9a-f]+$/.test(line)) frames.push({ meaning, bytes: Uint8Array.from(Buffer.from(line, 'hex')) });
  }
  return frames;
}

export const sessions = ['rabbitmq-session-client', 'rabbitmq-session-server'] as const;
