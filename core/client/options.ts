import { wireLimits } from '../protocol/limits.ts';
import { excessOf } from '../protocol/short-string.ts';
import type { FieldTable } from '../protocol/types.ts';
import { urlOf } from './address.ts';
import type { Endpoint, TlsOptions } from './dial.ts';
import { UriError } from './errors.ts';
import { parseUri } from './uri.ts';

/** Where and how to connect. What is given here goes before what the URI says. */
export interface ConnectOptions {
  /** `amqp://`, `amqps://`, `ws://` or `wss://`. Default: `amqp://localhost`. */
  readonly url?: string;
  /** Instead of a URI: a MessagePort whose other end a broker serves. */
  readonly messagePort?: unknown;
  /** Default: guest, with the password guest. */
  readonly user?: string;
  readonly password?: string;
  /** Virtual host. Default: `/`. */
  readonly vhost?: string;
  /** Seconds of silence after which each side shows that it lives; 0: never. Default: 60. */
  readonly heartbeat?: number;
  /** Largest frame in octets, 0: as the broker likes. Default: 131072. */
  readonly frameMax?: number;
  /** Channels at once, 0: as the broker likes. Default: 2047. */
  readonly channelMax?: number;
  /** Milliseconds until AMQP must be open. Default: 10000. */
  readonly connectTimeoutMs?: number;
  /** PLAIN, AMQPLAIN, EXTERNAL or ANONYMOUS: the first that the broker offers. */
  readonly authMechanism?: string | readonly string[];
  readonly tls?: TlsOptions;
  /** Name shown by the broker's management. */
  readonly connectionName?: string;
  /** Further client properties. */
  readonly clientProperties?: FieldTable;
  /** Largest body that is taken from the broker, in octets. Default: 134217728. */
  readonly messageBytesMax?: number;
}

/** A URI, or options that may hold one. */
export type ConnectTarget = string | ConnectOptions;

/** Options with their defaults, of one endpoint. */
export interface Settings {
  readonly endpoint: Endpoint;
  /** The endpoint as people read it. */
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly heartbeat: number;
  readonly frameMax: number;
  readonly channelMax: number;
  readonly authMechanisms: readonly string[];
  readonly clientProperties: FieldTable;
  readonly messageBytesMax: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** What RabbitMQ lets pass by default. */
const MESSAGE_BYTES_MAX = 134_217_728;
const KNOWN_MECHANISMS = ['PLAIN', 'AMQPLAIN', 'EXTERNAL', 'ANONYMOUS'];
const OPTION_NAMES = new Set<keyof ConnectOptions>([
  'url', 'messagePort', 'user', 'password', 'vhost', 'heartbeat', 'frameMax', 'channelMax',
  'connectTimeoutMs', 'authMechanism', 'tls', 'connectionName', 'clientProperties',
  'messageBytesMax',
]);

/** Completes the options; what is wrong with them throws a UriError. */
export function readSettings(target: ConnectTarget): Settings {
  const options = typeof target === 'string' ? { url: target } : target;
  if (typeof options !== 'object' || options === null) {
    throw new UriError(`a broker is named by a URI or by options, and not by ${String(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name as keyof ConnectOptions)) {
      throw new UriError(`the option '${name}' is not known`);
    }
  }
  const { messagePort, url = 'amqp://localhost' } = options;
  const parts = messagePort === undefined ? parseUri(url) : undefined;
  const given = { ...parts, ...withoutUndefined(options) };
  const tls = { ...parts?.tls, ...options.tls };
  const endpoint: Endpoint = {
    scheme: parts?.scheme ?? 'port',
    host: parts?.host ?? '',
    port: parts?.port ?? 0,
    path: parts?.path ?? '',
    connectTimeoutMs:
      checked('connectTimeoutMs', given.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, 1, 2 ** 31 - 1),
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
    ...(messagePort === undefined ? {} : { messagePort }),
  };
  const user = given.user ?? 'guest';
  return {
    endpoint,
    name: urlOf(endpoint),
    user,
    password: given.password ?? (user === 'guest' ? 'guest' : ''),
    vhost: vhostOf(given.vhost ?? '/'),
    heartbeat: checked('heartbeat', given.heartbeat ?? wireLimits.heartbeatSeconds, 0, 65_535),
    frameMax: frameMaxOf(given.frameMax ?? wireLimits.frameBytesMax),
    channelMax: checked('channelMax', given.channelMax ?? wireLimits.channelsMax, 0, 65_535),
    authMechanisms: mechanismsOf(given.authMechanism ?? ['PLAIN', 'AMQPLAIN']),
    clientProperties: {
      ...options.clientProperties,
      ...(options.connectionName === undefined ? {} : { connection_name: options.connectionName }),
    },
    messageBytesMax: checked(
      'messageBytesMax', options.messageBytesMax ?? MESSAGE_BYTES_MAX, 0, Number.MAX_SAFE_INTEGER,
    ),
  };
}

/** An option that is there but undefined says nothing. */
function withoutUndefined(options: ConnectOptions): ConnectOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checked(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UriError(`${name} is an integer from ${min} to ${max}, not ${value}`);
}

function frameMaxOf(value: number): number {
  if (value !== 0) checked('frameMax', value, wireLimits.frameBytesMin, 2 ** 32 - 1);
  return value;
}

/** On the wire a longer name would be cut, and then be the name of another virtual host. */
function vhostOf(name: string): string {
  const excess = excessOf('the name of the virtual host', name);
  if (excess !== undefined) throw new UriError(excess);
  return name;
}

function mechanismsOf(given: string | readonly string[]): readonly string[] {
  const wanted = typeof given === 'string' ? [given] : given;
  for (const mechanism of wanted) {
    if (KNOWN_MECHANISMS.includes(mechanism)) continue;
    throw new UriError(`the authentication mechanism '${mechanism}' is none of ` +
      KNOWN_MECHANISMS.join(', '));
  }
  return wanted;
}
