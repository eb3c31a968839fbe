#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import type { GivenUser } from '../core/index.ts';
import { backUp } from './backup.ts';
import { checkData } from './check.ts';
import { registerCommands } from './commands/register.ts';
import { ApiRefusal } from './commands/api-client.ts';
import { readSettings, variableOf } from './configuration.ts';
import { METRICS_PORT, startGateway, type Gateway } from './gateway.ts';
import { nodeLimits } from './limits.ts';
import type { ListenerInfo } from './doors.ts';
import { DEFAULT_LEVELS, Log } from './log.ts';
import { LogFile } from './log-file.ts';
import { openPage } from './open-page.ts';
import { Playground } from './playground.ts';
import { tellServiceManager } from './service-manager.ts';
import { kebabOf, settingNames, settings, type Settings } from './settings.ts';
import { StartError } from './start-error.ts';
import type { TlsFiles } from './tls.ts';
import { readUserFile } from './users.ts';
import { version } from './version.ts';
import { keepYoungSpaceSmall } from './young-objects.ts';

/** What a shell gets for a start that could not be, as for wrong usage elsewhere. */
const EXIT_CANNOT_START = 2;
/** And for a stop after which not all is on disk that should be. */
const EXIT_NOT_KEPT = 1;
/** And for a check that found damage. */
const EXIT_DAMAGED = 1;
/** And for a command that the broker refused. */
const EXIT_REFUSED = 1;
const DEFAULT_DATA = 'tabmq-data';

function makeProgram(): Command {
  const program = new Command('tabmq')
    .description('A message broker that speaks AMQP 0-9-1, over TCP and over WebSocket.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  for (const name of settingNames) program.addOption(optionOf(name));
  program.option('--config <FILE>', 'JSON file with any of these, as amqpPort or amqp-port');
  program.action(() => run(() => (
    readSettings({ flags: program.opts(), environment: process.env }))));
  program.command('check <DIR>')
    .description('say what a data directory holds and where it is damaged; change nothing')
    .action(check);
  program.command('backup <DIR> <TARGET>')
    .description('copy a data directory, in use or not; a start on the copy restores it')
    .action(backup);
  program.command('playground')
    .description('open the playground, whose broker runs in the tab; nothing is kept here')
    .action(() => play(readSettings({ flags: program.opts(), environment: process.env })));
  program.enablePositionalOptions();
  registerCommands(program, say);
  program.addHelpText('after', [
    '',
    'A flag goes before its environment variable, that before the configuration file.',
    `The variables are called TABMQ_ and the flag: ${variableOf('amqpPort')}=5673.`,
  ].join('\n'));
  return program;
}

function optionOf(name: keyof typeof settings): Option {
  const { placeholder, description, fallbackText, isList } = settings[name];
  const flag = `--${kebabOf(name)}${placeholder === undefined ? '' : ` <${placeholder}>`}`;
  const suffix = fallbackText === undefined ? '' : ` (default: ${fallbackText})`;
  const option = new Option(flag, `${description}${suffix}`);
  if (!isList) return option;
  return option.argParser((value, earlier: string[] = []) => [...earlier, value]);
}

async function obey(argv: readonly string[]): Promise<void> {
  try {
    await makeProgram().parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0);
    // Commander puts its guess of what was meant on a second line.
    const sentence = error.message.replace(/^error: |\.$/g, '').replaceAll('\n', ' ');
    throw new StartError(`Wrong usage: ${sentence}; see tabmq --help.`);
  }
}

async function check(path: string): Promise<void> {
  const { lines, damages } = await checkData(path);
  for (const line of lines) say(line);
  if (damages.length > 0) process.exitCode = EXIT_DAMAGED;
}

async function backup(path: string, target: string): Promise<void> {
  const { segments, bytes } = await backUp(path, target);
  say(`${target} has ${segments} segments with ${bytes} bytes of ${path}`);
}

/** On the port that it had before, so that the page has what it kept; else where there is room. */
async function play({ host, httpPort }: Settings): Promise<void> {
  const playground = Playground.installed();
  if (playground === undefined) {
    throw new StartError('There is no playground here: npm run build:demo builds it.');
  }
  const log = new Log({ levels: { all: 'error' } });
  const open = (http: number | undefined): Promise<Gateway> =>
    startGateway({ hosts: host, ports: { amqp: 0, http }, playground, log });
  const gateway = await open(httpPort).catch((error: unknown) => {
    if (httpPort !== undefined) throw error;
    return open(0);
  });
  drainOnSignal(gateway);
  const page = `${pageOf(gateway.listeners.find(({ way }) => way === 'http')!)}${TAB_SEARCH}`;
  say(`The playground is at ${page}`);
  openPage(page);
}

async function run(again: () => Settings): Promise<void> {
  const set = again();
  keepYoungSpaceSmall();
  const playground = Playground.installed();
  const logFile = set.logFile === undefined ? undefined : new LogFile(set.logFile);
  const log = new Log({
    levels: set.logLevel, format: set.logFormat, ...(logFile && { write: logFile.write }),
  });
  const gateway = await start(set, playground, log);
  drainOnSignal(gateway);
  // Whoever closes the terminal of a gateway does not mean that it should read its files again.
  if (!process.stdin.isTTY) process.on('SIGHUP', () => reload(gateway, again, log, logFile));
  announce(gateway, set.readyJson ?? false, playground !== undefined);
  tellServiceManager('--ready', `--status=${gateway.listeners.map(({ url }) => url).join(' ')}`);
}

/** Reads again what may change: what cannot be stays as it was, and the log says why. */
function reload(
  gateway: Gateway, read: () => Settings, log: Log, logFile: LogFile | undefined,
): void {
  try {
    logFile?.reopen();
    const set = read();
    const { logLevel: logLevels = DEFAULT_LEVELS } = set;
    gateway.reload({ users: usersOf(set), tls: tlsFilesOf(set), logLevels });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    log.write('gateway', 'error', 'not reloaded', { reason: error.message });
  }
}

function usersOf({ user = [], userFile }: Settings): readonly GivenUser[] {
  return [...(userFile === undefined ? [] : readUserFile(userFile)), ...user];
}

function start(
  set: Settings, playground: Playground | undefined, log: Log,
): Promise<Gateway> {
  return startGateway({
    hosts: set.host,
    ports: {
      amqp: set.amqpPort, http: set.httpPort, amqps: set.amqpsPort, https: set.httpsPort,
      metrics: set.metricsPort ?? METRICS_PORT,
    },
    metricsPortMayBeTaken: set.metricsPort === undefined,
    tls: tlsFilesOf(set),
    users: usersOf(set),
    definitions: set.definitions,
    definitionsSkipIfUnchanged: set.definitionsSkipIfUnchanged,
    vhosts: set.vhost,
    allowedOrigins: set.allowOrigin,
    allowedHosts: set.allowHost,
    proxyProtocolFrom: set.proxyProtocolFrom,
    strangersMax: set.strangersMax,
    data: set.memory === true ? undefined : set.data ?? DEFAULT_DATA,
    salvage: set.salvage,
    auth: set.auth,
    oauth2: set.oauth2,
    httpAuth: set.httpAuth,
    upstream: set.upstream,
    upstreamVhosts: set.upstreamVhost,
    upstreamUsers: set.upstreamUsers,
    upstreamRules: set.upstreamRules,
    mechanisms: set.authMechanism,
    compatibility: set.compatibility,
    messageBytesMax: set.maxMessageSize,
    immediate: set.immediate,
    memoryHighWatermark: set.memoryHighWatermark,
    playground,
    log,
  });
}

function tlsFilesOf(set: Settings): TlsFiles | undefined {
  const { tlsCert, tlsKey, tlsCa, tlsLoginFrom, tlsMinVersion, tlsCiphers } = set;
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return {
      certificate: tlsCert, key: tlsKey, authorities: tlsCa, loginFrom: tlsLoginFrom,
      minVersion: tlsMinVersion, ciphers: tlsCiphers,
    };
  }
  const given = [tlsCert, tlsKey, tlsCa, tlsLoginFrom, tlsMinVersion, tlsCiphers];
  if (given.every((each) => each === undefined)) return undefined;
  throw new StartError('TLS needs both a certificate and its key: --tls-cert and --tls-key.');
}

function announce(
  { ports, listeners, data }: Gateway, asJson: boolean, hasPlayground: boolean,
): void {
  if (asJson) {
    const hosts = [...new Set(listeners.map(({ host }) => host))];
    say(JSON.stringify({ ready: true, ...ports, host: hosts[0], hosts, data: data ?? null }));
  } else {
    for (const { way, url } of listeners) {
      if (way !== 'metrics') say(`TabMQ ${version} listens on ${url}`);
    }
    const where = data === undefined ? 'nothing: all is in memory' : `its data in ${data}`;
    say(`TabMQ ${version} keeps ${where}`);
    const page = listeners.find(({ way }) => way === 'http');
    if (hasPlayground && page !== undefined) {
      say(`Its management is at ${pageOf(page)}, a playground at ${pageOf(page)}${TAB_SEARCH}`);
    }
  }
}

/** What of the page is about a broker in the tab. */
const TAB_SEARCH = '?tab';

/** Where a browser finds what the listener serves. */
function pageOf({ url }: ListenerInfo): string {
  return new URL('/', url.replace(/^ws/, 'http')).href;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The first signal drains; another one, from somebody who will not wait, ends it at once. */
function drainOnSignal(gateway: Gateway): void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const at = performance.now();
    if (first === undefined) {
      first = { signal, at };
      tellServiceManager('STOPPING=1');
      void gateway.stop().then(() => process.exit(0), () => process.exit(EXIT_NOT_KEPT));
      return;
    }
    // npm hands Ctrl-C on to a program that had it from the terminal already.
    const isCopy = signal === first.signal && at - first.at < nodeLimits.signalCopyMs;
    if (!isCopy) process.exit(1);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

// A broker outlives whoever read what it writes.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

obey(process.argv).catch((error: unknown) => {
  if (!(error instanceof StartError || error instanceof ApiRefusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof ApiRefusal ? EXIT_REFUSED : EXIT_CANNOT_START;
});
