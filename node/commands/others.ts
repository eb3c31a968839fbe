import { readFileSync, writeFileSync } from 'node:fs';
import { ApiRefusal, type ApiClient } from './api-client.ts';
import { pathOf, type Given, type OtherCommand } from './command.ts';
import { valueAt, type Row } from './output.ts';
import { StartError } from '../start-error.ts';

/** What a look at the broker shows, by the words for it, and where the API has it. */
const statusFacts: Readonly<Record<string, string>> = {
  product: 'product_name', version: 'product_version', node: 'node', cluster: 'cluster_name',
  connections: 'object_totals.connections', channels: 'object_totals.channels',
  queues: 'object_totals.queues', exchanges: 'object_totals.exchanges',
  consumers: 'object_totals.consumers', messages: 'queue_totals.messages',
  ready: 'queue_totals.messages_ready', unacknowledged: 'queue_totals.messages_unacknowledged',
};

async function status(_given: Given, api: ApiClient): Promise<Row> {
  const overview = await api.ask({ path: '/overview' });
  const facts = Object.entries(statusFacts).map(([name, path]) => [name, valueAt(overview, path)]);
  return { ...Object.fromEntries(facts), alarms: (await alarmsOf(api)).join(', ') || 'none' };
}

/** The resources that run short. */
async function alarmsOf(api: ApiClient): Promise<readonly string[]> {
  const answer = await api.ask({ path: '/health/checks/alarms', keepsRefusal: 503 });
  const alarms = valueAt(answer, 'alarms');
  if (!Array.isArray(alarms)) return [];
  return [...new Set(alarms.map((alarm) => String(valueAt(alarm, 'resource'))))];
}

async function alarms(_given: Given, api: ApiClient): Promise<string> {
  const standing = await alarmsOf(api);
  if (standing.length === 0) return 'no alarm';
  process.exitCode = 1;
  return `alarm: ${standing.join(', ')}`;
}

/** A user that is there keeps what is not named: the API takes a user as a whole. */
async function changeUser({ words: [name = '', ...rest] }: Given, api: ApiClient, change: (
  rest: readonly string[], user: Row,
) => Row): Promise<undefined> {
  const path = pathOf('users', name);
  const user = await api.ask({ path }) as Row;
  const { password_hash: hash, hashing_algorithm: algorithm, tags } = user;
  const kept = { password_hash: hash, hashing_algorithm: algorithm, tags };
  await api.ask({ method: 'PUT', path, body: { ...kept, ...change(rest, user) } });
}

async function exportDefinitions(
  { words: [file], vhost, namesVhost }: Given, api: ApiClient,
): Promise<string | undefined> {
  const path = namesVhost ? pathOf('definitions', vhost) : '/definitions';
  const text = `${JSON.stringify(await api.ask({ path }), null, 2)}\n`;
  if (file === undefined || file === '-') return text.trimEnd();
  writeFileSync(file, text, { mode: 0o600 });
  return `${file} has the definitions`;
}

async function importDefinitions(
  { words: [file = '-'], vhost, namesVhost }: Given, api: ApiClient,
): Promise<string> {
  let body: unknown;
  try {
    body = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new StartError(`Cannot read the definitions: ${(error as Error).message}.`);
  }
  const path = namesVhost ? pathOf('definitions', vhost) : '/definitions';
  await api.ask({ method: 'POST', path, body });
  return 'the definitions are taken in';
}

async function closeAll(
  { words: [reason], vhost, namesVhost }: Given, api: ApiClient,
): Promise<string> {
  const path = namesVhost ? pathOf('vhosts', vhost, 'connections') : '/connections';
  const connections = await api.ask({ path: `${path}?columns=name` });
  const headers = reason === undefined ? {} : { 'x-reason': reason };
  let closed = 0;
  for (const { name } of connections as readonly { readonly name: string }[]) {
    try {
      await api.ask({ method: 'DELETE', path: pathOf('connections', name), headers });
      closed++;
    } catch (error) {
      // It went by itself meanwhile.
      if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
    }
  }
  return `${closed} connections closed`;
}

/** What takes more than a request, or shows more than a table. */
export const others: readonly OtherCommand[] = [
  { kind: 'other', name: 'status', says: 'show what there is, at a glance', run: status },
  {
    kind: 'other', name: 'ping', says: 'ask whether the broker answers',
    run: async (_given, api) => {
      await api.ask({ path: '/whoami' });
      return 'the broker answers';
    },
  },
  { kind: 'other', name: 'alarms', says: 'show what runs short; exits with 1 then', run: alarms },
  {
    kind: 'other', name: 'users password', aliases: ['change_password'],
    takes: '<name> <password>', says: 'give a user another password',
    run: (given, api) => changeUser(given, api, ([password], { tags }) => (
      { password, tags, password_hash: undefined, hashing_algorithm: undefined })),
  },
  {
    kind: 'other', name: 'users tags', aliases: ['set_user_tags'], takes: '<name> [tags...]',
    says: 'give a user these tags and no others',
    run: (given, api) => changeUser(given, api, (tags) => ({ tags })),
  },
  {
    kind: 'other', name: 'users clear-password', aliases: ['clear_password'], takes: '<name>',
    says: 'let a user log in by no password',
    run: (given, api) => changeUser(given, api, () => ({ password_hash: '' })),
  },
  {
    kind: 'other', name: 'definitions export', aliases: ['export_definitions'], takes: '[file]',
    says: 'write all definitions to a file, or to stdout', run: exportDefinitions,
  },
  {
    kind: 'other', name: 'definitions import', aliases: ['import_definitions'], takes: '[file]',
    says: 'take definitions in from a file, or from stdin', run: importDefinitions,
  },
  {
    kind: 'other', name: 'close-all', aliases: ['close_all_connections'], takes: '[reason]',
    says: 'close all connections, or those of a virtual host', run: closeAll,
  },
];
