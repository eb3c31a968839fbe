import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import type { ApiCommand, Given, ListingCommand } from './command.ts';
import { deeds } from './deeds.ts';
import { listings } from './listings.ts';
import { others } from './others.ts';
import { factsOf, tableOf, valueAt, type Row } from './output.ts';

/** All commands that ask the management API: help and aliases follow from this. */
export const apiCommands: readonly ApiCommand[] = [...others, ...listings, ...deeds];

const DEFAULT_VHOST = '/';

/** Adds the commands to a program, under their own words and under those of rabbitmqctl. */
export function registerCommands(program: Command, say: (text: string) => void): void {
  const parents = new Map<string, Command>();
  // Options stand in the help of each, or no line would have room for its sentence.
  program.configureHelp({ subcommandTerm: termOf });
  // A command that has others below it is made before them.
  const ordered = apiCommands.toSorted((one, other) => depthOf(one) - depthOf(other));
  for (const command of ordered) {
    const words = command.name.split(' ');
    const parent = words.length === 1 ? program : parentOf(program, parents, words[0]!);
    const made = prepare(parent.command(words.at(-1)!), command, say);
    if (words.length === 1) parents.set(words[0]!, made);
    for (const alias of command.aliases ?? []) {
      prepare(program.command(alias, { hidden: true }), command, say);
    }
  }
  program.addHelpText('after', [
    '',
    'Commands are also known by the words of rabbitmqctl, such as list_queues.',
  ].join('\n'));
}

function termOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

function depthOf({ name }: ApiCommand): number {
  return name.split(' ').length;
}

/** `definitions` is there for what is below it alone. */
function parentOf(program: Command, parents: Map<string, Command>, name: string): Command {
  const known = parents.get(name);
  if (known !== undefined) return known;
  const children = apiCommands.filter((command) => command.name.startsWith(`${name} `));
  const made = program.command(name).description(
    children.map((command) => `${command.name.slice(name.length + 1)}: ${command.says}`).join('; '),
  );
  parents.set(name, made);
  return made;
}

function prepare(made: Command, command: ApiCommand, say: (text: string) => void): Command {
  const { takes = '', says, options = [], aliases = [] } = command;
  const also = aliases.length === 0 ? '' : ` (${aliases.join(', ')})`;
  made.description(`${says}${also}`);
  for (const argument of takes.split(' ')) if (argument !== '') made.argument(argument);
  for (const [flags, description] of options) made.option(flags, description);
  made
    .option('-p, --vhost <NAME>', 'virtual host (default: all for lists, else /)')
    .option('--url <URL>', 'where the management API is; also TABMQ_API_URL')
    .option('--user <NAME:PASSWORD>', 'who asks; also TABMQ_API_USER')
    .option('--data <DIR>', 'data directory of a broker on this machine; also TABMQ_DATA')
    .option('--json', 'JSON, for programs')
    .option('--formatter <FORM>', 'json is the same as --json')
    .option('-q, --quiet', 'no names above the columns')
    .action(() => run(command, made, say));
  return made;
}

async function run(command: ApiCommand, made: Command, say: (text: string) => void): Promise<void> {
  const options: Readonly<Record<string, unknown>> = made.opts();
  const { vhost } = options as { readonly vhost?: string };
  const given: Given = {
    words: made.args, vhost: vhost ?? DEFAULT_VHOST, namesVhost: vhost !== undefined, options,
  };
  const isJson = options['json'] === true || options['formatter'] === 'json';
  const api = new ApiClient(placeOf(options, process.env));
  if (command.kind === 'listing') {
    say(await list(command, given, api, isJson));
  } else if (command.kind === 'deed') {
    for (const request of command.requests(given)) await api.ask(request);
    if (isJson) say('{}');
  } else {
    const result = await command.run(given, api);
    if (isJson) say(JSON.stringify(result ?? {}));
    else if (result !== undefined) say(typeof result === 'string' ? result : factsOf(result));
  }
}

function placeOf(
  options: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv,
): ConstructorParameters<typeof ApiClient>[0] {
  const { url, user, data } = options as Readonly<Record<string, string | undefined>>;
  return {
    url: url ?? environment['TABMQ_API_URL'],
    user: user ?? environment['TABMQ_API_USER'],
    data: data ?? environment['TABMQ_DATA'],
  };
}

async function list(
  { path, columns: usual, takes, rows: rowsOf }: ListingCommand, given: Given, api: ApiClient,
  isJson: boolean,
): Promise<string> {
  const named = takes === '[columns...]' ? given.words.flatMap((word) => word.split(',')) : [];
  const columns = named.length === 0 ? usual : named;
  const answer = await api.ask({ path: path(given) });
  const rows = rowsOf === undefined ? answer as readonly Row[] : rowsOf(answer);
  if (isJson) {
    if (named.length === 0) return JSON.stringify(rows);
    return JSON.stringify(rows.map((row) => Object.fromEntries(
      columns.map((column) => [column, valueAt(row, column) ?? null]))));
  }
  const table = tableOf(rows, columns);
  return given.options['quiet'] === true ? table.split('\n').slice(1).join('\n') : table;
}
