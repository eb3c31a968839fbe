import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Broker } from '../core/index.ts';
import { declareDefinitions } from '../core/management/index.ts';
import type { Log } from './log.ts';
import { codeOf, StartError } from './start-error.ts';

/** Definitions that a start brings along. */
export interface DefinitionsFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Tells one content from another. */
  readonly digest: string;
}

/** Where the digest of the file that was loaded last is noted. */
const NOTE = 'definitions-loaded';
/** Complaints about items that a sentence lists. */
const COMPLAINTS_MAX = 5;

/** Reads a file of definitions, as RabbitMQ exports it. Throws a StartError where it is none. */
export function readDefinitionsFile(path: string): DefinitionsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : codeOf(error);
    throw new StartError(`Cannot read the definitions ${path}: ${reason}.`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new StartError(`The definitions ${path} are not JSON: ${(error as Error).message}.`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new StartError(`The definitions ${path} are not a JSON object.`);
  }
  const digest = createHash('sha256').update(text).digest('base64');
  return { path, content: content as Record<string, unknown>, digest };
}

/** Whether the definitions bring users, so that none need be made. */
export function bringsUsers({ content }: DefinitionsFile): boolean {
  const { users } = content;
  return Array.isArray(users) && users.length > 0;
}

/**
 * Takes definitions in, unless they are to be skipped where they are those that were loaded last.
 * Throws a StartError that names what was refused. What has no place here is logged.
 */
export async function loadDefinitions(
  broker: Broker, file: DefinitionsFile, skipsUnchanged: boolean, log: Log,
): Promise<void> {
  const { path, content, digest } = file;
  if (skipsUnchanged && broker.noteOf(NOTE) === digest) {
    log.write('gateway', 'info', 'definitions are unchanged', { path });
    return;
  }
  const items = declareDefinitions(broker, content);
  const refused = items.filter(({ outcome }) => outcome === 'refused' || outcome === 'different');
  if (refused.length > 0) {
    const texts = refused.slice(0, COMPLAINTS_MAX)
      .map(({ kind, name, vhost, text }) => `${kind} '${name}'${where(vhost)}: ${text}`);
    const others = refused.length - texts.length;
    const more = others === 0 ? '' : `, and ${others} more`;
    throw new StartError(`The definitions ${path} cannot be: ${texts.join('; ')}${more}.`);
  }
  for (const { kind, name, vhost, outcome } of items) {
    if (outcome !== 'skipped') continue;
    log.write('gateway', 'warn', 'definitions have what is not kept here', { kind, name, vhost });
  }
  broker.note(NOTE, digest);
  await broker.whenKept();
  log.write('gateway', 'info', 'definitions are loaded', { path, items: items.length });
}

function where(vhost: string): string {
  return vhost === '' ? '' : ` in vhost '${vhost}'`;
}
