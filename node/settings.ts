import { limits, mechanisms, profiles } from '../core/index.ts';
import { authSources, readHttpAuth, readOAuth2 } from './auth-settings.ts';
import { certificateFields } from './certificate-name.ts';
import { isHostName } from './host-rule.ts';
import { nodeLimits } from './limits.ts';
import { isOrigin } from './origin.ts';
import { logFormats, readLogLevels, type LogFormat, type LogLevels } from './log.ts';
import { tlsVersions } from './tls.ts';
import { isNetwork } from './trusted-proxies.ts';
import { readUpstream, readUpstreams, readUpstreamVhost } from './upstream/addresses.ts';
import { readUpstreamRules } from './upstream/rules.ts';
import { readUpstreamUsers } from './upstream/users.ts';
import type { User } from './users.ts';

/**
 * One thing a person can set. A flag and an environment variable come as text, a configuration
 * file gives numbers and truth values too; `read` takes what came, or throws a RangeError whose
 * message goes on after "--amqp-port ".
 */
export interface Setting<T> {
  /** How the value is called in the help; absent for a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /** Whether it may be given several times. */
  readonly isList: boolean;
  /** What holds when it is not given, as the help shows it. */
  readonly fallbackText?: string;
  read(given: unknown): T;
}

/** A list where one is meant, a single value where that. */
type Fields = Omit<Setting<unknown>, 'read' | 'isList'>;

function single<T>(fields: Fields, read: (given: unknown) => T): Setting<T> {
  return { ...fields, isList: false, read };
}

function list<T>(fields: Fields, read: (given: unknown) => T): Setting<readonly T[]> {
  return { ...fields, isList: true, read: (given) => [given].flat().map(read) };
}

function text(given: unknown): string {
  if (typeof given === 'string' && given !== '') return given;
  throw new RangeError('must be a text that is not empty');
}

function wholeNumber(min: number, max: number): (given: unknown) => number {
  return (given) => {
    const isText = typeof given === 'string' && /^\d+$/.test(given);
    const value = isText || typeof given === 'number' ? Number(given) : NaN;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(`must be a whole number from ${min} to ${max}, not ${quoted(given)}`);
  };
}

const port = wholeNumber(0, 65_535);

function share(given: unknown): number {
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  throw new RangeError(`must be a number above 0 and up to 1, not ${quoted(given)}`);
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1, kB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1_048_576,
};

function messageBytes(given: unknown): number {
  const [, count = '', unit = ''] = /^(\d+) ?([kKM]i?B|)$/.exec(String(given)) ?? [];
  const bytes = count === '' ? NaN : Number(count) * (byteUnits[unit] ?? NaN);
  if (bytes > 0 && bytes <= limits.bodyBytesMax) return bytes;
  throw new RangeError(`must be a size from 1 byte to 512MiB, not ${quoted(given)}`);
}

function truth(given: unknown): boolean {
  if (given === true || given === 'true' || given === '1') return true;
  if (given === false || given === 'false' || given === '0') return false;
  throw new RangeError(`must be true or false, not ${quoted(given)}`);
}

function oneOf<const T extends string>(words: readonly T[]): (given: unknown) => T {
  return (given) => {
    const found = words.find((word) => word === given);
    if (found !== undefined) return found;
    throw new RangeError(`must be ${words.join(' or ')}, not ${quoted(given)}`);
  };
}

/** The complaint leaves out what was given: most of it may be a password. */
function user(given: unknown): User {
  const [, name, password] = /^([^:]+):(.+)$/s.exec(String(given)) ?? [];
  if (typeof given === 'string' && name !== undefined && password !== undefined) {
    return { name, password };
  }
  throw new RangeError('must be name:password, with neither of them empty');
}

function origin(given: unknown): string {
  if (typeof given === 'string' && isOrigin(given)) return given;
  throw new RangeError(`must be like https://example.com, or *, not ${quoted(given)}`);
}

function hostName(given: unknown): string {
  if (typeof given === 'string' && isHostName(given)) return given;
  throw new RangeError(`must be a name like broker.example.com, or *, not ${quoted(given)}`);
}

function network(given: unknown): string {
  if (typeof given === 'string' && isNetwork(given)) return given;
  throw new RangeError(`must be an address or a network like 10.0.0.0/8, not ${quoted(given)}`);
}

function logLevels(given: unknown): LogLevels {
  return readLogLevels(text(given));
}

function quoted(given: unknown): string {
  return typeof given === 'string' ? `'${given}'` : JSON.stringify(given);
}

/** Everything that can be set, under the name that a configuration file uses. */
export const settings = {
  host: list(
    {
      placeholder: 'ADDRESS',
      description: 'address to listen on; repeat it for several',
      fallbackText: '127.0.0.1 and ::1',
    },
    text,
  ),
  amqpPort: single(
    { placeholder: 'PORT', description: 'port for AMQP over TCP', fallbackText: '5672' },
    port,
  ),
  httpPort: single(
    { placeholder: 'PORT', description: 'port for AMQP over WebSocket', fallbackText: '15672' },
    port,
  ),
  metricsPort: single(
    {
      placeholder: 'PORT',
      description: 'port for the metrics that Prometheus asks for, which are on the HTTP port too',
      fallbackText: '15692, where it is free',
    },
    port,
  ),
  amqpsPort: single(
    { placeholder: 'PORT', description: 'port for AMQP over TLS', fallbackText: '5671' },
    port,
  ),
  httpsPort: single(
    { placeholder: 'PORT', description: 'port for WebSocket over TLS', fallbackText: '15671' },
    port,
  ),
  tlsCert: single(
    { placeholder: 'FILE', description: 'PEM certificate; turns the two TLS ports on' },
    text,
  ),
  tlsKey: single({ placeholder: 'FILE', description: 'PEM private key of the certificate' }, text),
  tlsCa: single(
    {
      placeholder: 'FILE',
      description: 'PEM authorities for certificates of clients; a client that shows another '
        + 'certificate is refused, one that shows none is not',
    },
    text,
  ),
  tlsLoginFrom: single(
    {
      placeholder: 'FIELD',
      description: 'lets clients log in by their certificate (EXTERNAL), as the user that this '
        + `names: ${certificateFields.join(', ')}`,
    },
    oneOf(certificateFields),
  ),
  tlsMinVersion: single(
    {
      placeholder: 'VERSION',
      description: 'oldest version of TLS that is spoken: 1.0, 1.1, 1.2 or 1.3',
      fallbackText: '1.2',
    },
    oneOf(tlsVersions),
  ),
  tlsCiphers: single(
    {
      placeholder: 'LIST',
      description: 'cipher suites, as OpenSSL writes them',
      fallbackText: 'those with forward secrecy',
    },
    text,
  ),
  user: list(
    {
      placeholder: 'NAME:PASSWORD',
      description: 'who may log in; repeat it for several; guest may from this machine alone',
      fallbackText: 'guest:guest',
    },
    user,
  ),
  auth: list(
    {
      placeholder: 'SOURCE',
      description: `who is asked about a login: ${authSources.join(', ')}; repeat it for several, `
        + 'in the order in which they are asked',
      fallbackText: 'internal, then those that are set',
    },
    oneOf(authSources),
  ),
  oauth2: single(
    {
      placeholder: 'FILE',
      description: 'JSON file that says how tokens of OAuth 2 are checked and read',
    },
    readOAuth2,
  ),
  httpAuth: single(
    {
      placeholder: 'URL',
      description: 'HTTP server that is asked who may log in and do what, or a JSON file with more',
    },
    readHttpAuth,
  ),
  authMechanism: list(
    {
      placeholder: 'NAME',
      description: `how clients may log in: ${mechanisms.join(', ')}; repeat it for several`,
      fallbackText: 'PLAIN and AMQPLAIN, and EXTERNAL with --tls-login-from',
    },
    oneOf(mechanisms),
  ),
  userFile: single(
    {
      placeholder: 'FILE',
      description: 'file of further users, one name:password a line, or name:{sha256}HASH',
    },
    text,
  ),
  definitions: single(
    {
      placeholder: 'FILE',
      description: 'definitions as RabbitMQ exports them, which are taken in at each start',
    },
    text,
  ),
  definitionsSkipIfUnchanged: single(
    { description: 'leave definitions alone that are those which were loaded last' },
    truth,
  ),
  vhost: list(
    {
      placeholder: 'NAME',
      description: 'virtual host to create; repeat it for several',
      fallbackText: '/',
    },
    text,
  ),
  allowOrigin: list(
    {
      placeholder: 'ORIGIN',
      description: 'web page that may connect, besides those of this host and this machine; '
        + '* for any; repeat it for several',
    },
    origin,
  ),
  allowHost: list(
    {
      placeholder: 'NAME',
      description: 'host name under which programs on this machine reach the HTTP port, as behind '
        + 'a proxy, besides localhost; * for any; repeat it for several',
    },
    hostName,
  ),
  proxyProtocolFrom: list(
    {
      placeholder: 'NETWORK',
      description: 'proxies that say by the PROXY protocol whom they pass on, as an address or a '
        + 'network like 10.0.0.0/8; repeat it for several',
    },
    network,
  ),
  strangersMax: single(
    {
      placeholder: 'COUNT',
      description: 'connections at once that have yet to be opened by a login; beyond, the oldest '
        + 'goes',
      fallbackText: String(nodeLimits.strangersMax),
    },
    wholeNumber(1, 1_000_000),
  ),
  upstream: {
    ...list({
      placeholder: 'URI',
      description: 'nodes of a RabbitMQ or LavinMQ to relay clients to, as amqp://host1,host2 or '
        + 'amqps://host1; repeat it for more',
    }, readUpstream),
    read: readUpstreams,
  },
  upstreamVhost: list(
    {
      placeholder: 'NAME',
      description: 'virtual host that is relayed, to nodes of its own as name=amqp://host; repeat '
        + 'it for several',
      fallbackText: 'all',
    },
    readUpstreamVhost,
  ),
  upstreamUsers: single(
    {
      placeholder: 'FILE',
      description: 'JSON file with the users of the upstream that logins here stand for',
      fallbackText: 'logins are passed through',
    },
    readUpstreamUsers,
  ),
  upstreamRules: single(
    {
      placeholder: 'FILE',
      description: 'JSON file with what relayed clients may do',
      fallbackText: 'what the upstream lets them',
    },
    readUpstreamRules,
  ),
  data: single(
    {
      placeholder: 'DIR',
      description: 'directory that keeps what is durable; made where its parent exists',
      fallbackText: 'tabmq-data',
    },
    text,
  ),
  memory: single({ description: 'keep nothing over a restart: no data directory' }, truth),
  salvage: single(
    { description: 'start on damaged data, and give up for good what cannot be read' },
    truth,
  ),
  memoryHighWatermark: single(
    {
      placeholder: 'SHARE',
      description: 'share of the heap or container limit at which publishers must wait',
      fallbackText: '0.6',
    },
    share,
  ),
  compatibility: single(
    {
      placeholder: 'PROFILE',
      description: `which RabbitMQ to do as where versions differ: ${profiles.join(' or ')}`,
      fallbackText: 'rabbitmq-4, and what 4.3 alone refuses is taken',
    },
    oneOf(profiles),
  ),
  maxMessageSize: single(
    {
      placeholder: 'BYTES',
      description: 'largest body of a message, up to 512MiB; also as 20MB or 128MiB',
      fallbackText: '16MiB, or 128MiB as rabbitmq-3.13',
    },
    messageBytes,
  ),
  immediate: single(
    {
      placeholder: 'MODE',
      description: 'what the flag "immediate" does: "spec" as AMQP says, "refuse" as RabbitMQ does',
      fallbackText: 'spec, or refuse as rabbitmq-3.13',
    },
    oneOf(['spec', 'refuse']),
  ),
  logLevel: single(
    {
      placeholder: 'LEVELS',
      description: 'trace, debug, info, warn, error or silent; also by component: '
        + 'info,connection=trace shows every frame',
      fallbackText: 'info',
    },
    logLevels,
  ),
  logFormat: single<LogFormat>(
    { placeholder: 'FORMAT', description: 'text or json', fallbackText: 'text' },
    oneOf(logFormats),
  ),
  logFile: single(
    {
      placeholder: 'FILE',
      description: 'file that the log goes to; opened again on SIGHUP',
      fallbackText: 'stderr',
    },
    text,
  ),
  readyJson: single({ description: 'say that it is ready with one line of JSON on stdout' }, truth),
} as const;

export type SettingName = keyof typeof settings;

/** What was set; what is missing was not, and has the default of whoever uses it. */
export type Settings = {
  readonly [N in SettingName]?: ReturnType<(typeof settings)[N]['read']>;
};

export const settingNames = Object.keys(settings) as SettingName[];

/** `amqpPort` as on the command line and in a configuration file: `amqp-port`. */
export function kebabOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
