/** Recorded bytes: `;` starts a comment, `# ` says what the frame in the next line of hex means. */
import client from '../fixtures/rabbitmq-session-client.hex?raw';
import server from '../fixtures/rabbitmq-session-server.hex?raw';
import { fromHex } from '../support/bytes.ts';

export interface RecordedFrame {
  readonly meaning: string;
  readonly bytes: Uint8Array;
}

const texts = { 'rabbitmq-session-client': client, 'rabbitmq-session-server': server };

/** The frames of `test/fixtures/<name>.hex`. */
export function readFixture(name: keyof typeof texts): RecordedFrame[] {
  const frames: RecordedFrame[] = [];
  let meaning = '';
  for (const line of texts[name].split('\n')) {
    if (line.startsWith('# ')) meaning = line.slice(2);
    else if (/^[0-9a-f]+$/.test(line)) frames.push({ meaning, bytes: fromHex(line) });
  }
  return frames;
}

export const sessions = ['rabbitmq-session-client', 'rabbitmq-session-server'] as const;
