import { readFileSync } from 'node:fs';
import { nearest } from './nearest.ts';
import {
  kebabOf, settingNames, settings, type SettingName, type Settings,
} from './settings.ts';
import { StartError, codeOf } from './start-error.ts';

/** Values by the name of their setting, with the words that blame each in a complaint. */
type Source = ReadonlyMap<SettingName, { readonly given: unknown; readonly blame: string }>;

export interface Given {
  /** Flags by their camelCase name: text, a list of texts, or true. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * What the gateway is to do: flags before environment before the configuration file. Only the
 * value that counts is checked, so that a flag can mend a file.
 */
export function readSettings({ flags, environment }: Given): Settings {
  const path = (flags['config'] as string | undefined) ?? environment['TABMQ_CONFIG'];
  const sources = [
    fromFlags(flags),
    fromEnvironment(environment),
    path === undefined || path === '' ? new Map() : fromFile(path),
  ] as const;
  const result: Record<string, unknown> = {};
  for (const name of settingNames) {
    const source = sources.find((values) => values.has(name))?.get(name);
    if (source !== undefined) result[name] = read(name, source.given, source.blame);
  }
  settleRivals(result, sources);
  return result as Settings;
}

/** A directory for the data and none at all: the one that the stronger source names counts. */
function settleRivals(result: Record<string, unknown>, sources: readonly Source[]): void {
  if (result['data'] === undefined || result['memory'] !== true) return;
  const rankOf = (name: SettingName) => sources.findIndex((values) => values.has(name));
  if (rankOf('data') === rankOf('memory')) {
    const { blame } = sources[rankOf('memory')]!.get('memory')!;
    throw new StartError(`${blame} contradicts the one for a data directory.`);
  }
  delete result[rankOf('data') < rankOf('memory') ? 'memory' : 'data'];
}

function read(name: SettingName, given: unknown, blame: string): unknown {
  try {
    return settings[name].read(given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StartError(`${blame} ${error.message}.`);
  }
}

function fromFlags(flags: Given['flags']): Source {
  const names = settingNames.filter((name) => flags[name] !== undefined);
  return new Map(names.map((name) => {
    return [name, { given: flags[name], blame: `The flag --${kebabOf(name)}` }];
  }));
}

/** `TABMQ_AMQP_PORT` and the like; an empty one counts as absent, as compose files need it. */
function fromEnvironment(environment: Given['environment']): Source {
  checkNames(environment);
  const values = new Map<SettingName, { given: unknown; blame: string }>();
  for (const name of settingNames) {
    const variable = variableOf(name);
    const given = environment[variable];
    if (given === undefined || given === '') continue;
    const blame = `The environment variable ${variable}`;
    values.set(name, { given: settings[name].isList ? listOf(given) : given, blame });
  }
  return values;
}

/** Variables that are no settings: the file of them, and what the commands and the tests read. */
const otherVariables = ['TABMQ_CONFIG', 'TABMQ_API_URL', 'TABMQ_API_USER'];
const ofTests = /^TABMQ_(TEST|FUZZ|COMPLIANCE)_|^TABMQ_SEED$/;

/** A name that is misspelt is refused like a misspelt flag. Errors: StartError. */
function checkNames(environment: Given['environment']): void {
  const known = [...settingNames.map(variableOf), ...otherVariables];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('TABMQ_') || known.includes(name) || ofTests.test(name)) continue;
    const meant = nearest(name, known);
    const guess = meant === undefined ? '' : ` Did you mean ${meant}?`;
    throw new StartError(`There is no environment variable ${name}.${guess}`);
  }
}

export function variableOf(name: string): string {
  return `TABMQ_${kebabOf(name).replaceAll('-', '_').toUpperCase()}`;
}

/** Several values in one variable: between commas, or as JSON where one contains a comma. */
function listOf(given: string): unknown {
  if (!given.startsWith('[')) return given.split(',');
  try {
    return JSON.parse(given);
  } catch {
    return given.split(',');
  }
}

function fromFile(path: string): Source {
  const content = parse(path);
  const values = new Map<SettingName, { given: unknown; blame: string }>();
  for (const [key, given] of Object.entries(content)) {
    const name = settingNames.find((known) => known === key || kebabOf(known) === key);
    if (name === undefined) {
      throw new StartError(`The configuration file ${path} has an unknown key '${key}'.`);
    }
    if (values.has(name)) {
      throw new StartError(`The configuration file ${path} sets '${name}' twice.`);
    }
    values.set(name, { given, blame: `The key '${key}' of the configuration file ${path}` });
  }
  return values;
}

function parse(path: string): object {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : codeOf(error);
    throw new StartError(`Cannot read the configuration file ${path}: ${reason}.`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message;
    throw new StartError(`The configuration file ${path} is not JSON: ${reason}.`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw new StartError(`The configuration file ${path} is not a JSON object.`);
}
