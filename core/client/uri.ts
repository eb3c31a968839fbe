import type { Endpoint, TlsOptions } from './dial.ts';
import { UriError } from './errors.ts';

/** What a URI of a broker says. What it does not say is absent. */
export interface UriParts {
  readonly scheme: Exclude<Endpoint['scheme'], 'port'>;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly heartbeat?: number;
  readonly frameMax?: number;
  readonly channelMax?: number;
  readonly connectTimeoutMs?: number;
  readonly authMechanism?: readonly string[];
  readonly tls?: TlsOptions;
}

const ports = { amqp: 5672, amqps: 5671, ws: 80, wss: 443 } as const;

/** Parameters that are integers: what they are here, and their bounds. */
const integers = new Map<string, readonly [keyof UriParts, number, number]>([
  ['heartbeat', ['heartbeat', 0, 65_535]],
  ['frame_max', ['frameMax', 0, 2 ** 32 - 1]],
  ['channel_max', ['channelMax', 0, 65_535]],
  ['connection_timeout', ['connectTimeoutMs', 1, 2 ** 31 - 1]],
]);

/** Parameters of TLS that are taken as they are. */
const tlsOptions = new Map<string, keyof TlsOptions>([
  ['cacertfile', 'caFile'],
  ['certfile', 'certFile'],
  ['keyfile', 'keyFile'],
  ['password', 'passphrase'],
  ['server_name_indication', 'servername'],
]);

/** scheme, user information, host, port, path, query */
const FORM = new RegExp(
  String.raw`^([a-z]+)://(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#[\]@]*)` +
    String.raw`(?::([^/?#]*))?(/[^?#]*)?(\?[^#]*)?$`,
  'i',
);

/**
 * A URI without what is secret in it, for texts that people read. Where it is wrong, it is often
 * for a password that is not percent-encoded: so up to the last `@`, whatever stands before it.
 */
function withoutPassword(uri: string): string {
  return uri.replace(/^([^/]*\/\/[^:@/?#]*):.*@/s, '$1:***@')
    .replaceAll(/([?&]password=)[^&]*/g, '$1***');
}

/**
 * Reads `amqp://user:password@host:port/vhost?heartbeat=10`, and the same with amqps, ws and wss,
 * whose path is that of the WebSocket and whose virtual host is the parameter `vhost`. What is
 * wrong throws a UriError that says what.
 */
export function parseUri(uri: string): UriParts {
  return new UriReader(uri).parts();
}

/** One reading of a URI, so that each complaint can name it. */
class UriReader {
  readonly #uri: string;

  constructor(uri: string) {
    this.#uri = uri;
  }

  parts(): UriParts {
    const match = FORM.exec(this.#uri);
    if (match === null) throw this.#error('it is not of the form scheme://host:port/path');
    const [, schemeText = '', userInfo, hostText = '', portText = ''] = match;
    const [path = '', query = ''] = match.slice(5);
    const scheme = schemeText.toLowerCase();
    if (!isScheme(scheme)) {
      throw this.#error(`the scheme '${scheme}' is none of amqp, amqps, ws and wss`);
    }
    if (userInfo === undefined && /\D/.test(portText) && this.#uri.includes('@')) {
      throw this.#error('the user or the password is not percent-encoded');
    }
    const host = this.#decode(hostText.replace(/^\[|\]$/g, ''));
    const webSocket = scheme === 'ws' || scheme === 'wss';
    if (webSocket && host === '') throw this.#error('it names no host');
    const [ours, others] = this.#parameters(query);
    // The rest of a WebSocket's query is for whoever answers it, such as a proxy.
    if (!webSocket && others.length > 0) {
      throw this.#error(`the parameter '${this.#decode(others[0]!.split('=')[0]!)}' is not known`);
    }
    if (ours.tls !== undefined && scheme !== 'amqps' && scheme !== 'wss') {
      throw this.#error('it has TLS parameters, but its scheme is not encrypted');
    }
    return {
      scheme,
      host: host === '' ? 'localhost' : host,
      port: portText === '' ? ports[scheme] : this.#integer('port', portText, 1, 65_535),
      path: webSocket ? (path || '/') + (others.length > 0 ? `?${others.join('&')}` : '') : '',
      ...this.#credentials(userInfo),
      ...(webSocket ? {} : this.#vhost(path)),
      ...ours,
    };
  }

  #credentials(userInfo: string | undefined): Partial<UriParts> {
    if (userInfo === undefined || userInfo === '') return {};
    const colon = userInfo.indexOf(':');
    if (colon < 0) return { user: this.#decode(userInfo) };
    return {
      user: this.#decode(userInfo.slice(0, colon)),
      password: this.#decode(userInfo.slice(colon + 1), 'the password'),
    };
  }

  /**
   * The path is the virtual host, percent-decoded; a path of `/` alone is the default one, as all
   * clients of JavaScript have it.
   */
  #vhost(path: string): Partial<UriParts> {
    if (path === '' || path === '/') return {};
    const name = path.slice(1);
    if (name.includes('/')) {
      throw this.#error(`a slash in the name of the virtual host '${name}' is written %2F`);
    }
    return { vhost: this.#decode(name) };
  }

  /** What the parameters say, and those that are not ours, as they stand. */
  #parameters(query: string): [Partial<UriParts>, string[]] {
    const parts: Partial<UriParts> = {};
    const others: string[] = [];
    for (const pair of query.slice(1).split('&').filter(Boolean)) {
      const [name = '', ...rest] = pair.split('=').map((text) => this.#decode(text));
      const part = this.#parameter(name, rest.join('='), parts);
      if (part === undefined) others.push(pair);
      else Object.assign(parts, part);
    }
    return [parts, others];
  }

  /** What one parameter says, with what those before it said; undefined, where it is not ours. */
  #parameter(
    name: string, value: string, before: Partial<UriParts>,
  ): Partial<UriParts> | undefined {
    const integer = integers.get(name);
    if (integer !== undefined) {
      const [part, min, max] = integer;
      return { [part]: this.#integer(name, value, min, max) };
    }
    const tlsOption = tlsOptions.get(name);
    if (tlsOption !== undefined) return { tls: { ...before.tls, [tlsOption]: value } };
    switch (name) {
      case 'vhost':
        return { vhost: value };
      case 'auth_mechanism': {
        const mechanisms = value.split(/[\s,]+/).map((each) => each.toUpperCase());
        return { authMechanism: [...before.authMechanism ?? [], ...mechanisms] };
      }
      case 'verify':
        return { tls: { ...before.tls, rejectUnauthorized: this.#verify(value) } };
      default:
        return undefined;
    }
  }

  #verify(value: string): boolean {
    if (value === 'verify_peer') return true;
    if (value === 'verify_none') return false;
    throw this.#error(`verify is verify_peer or verify_none, not '${value}'`);
  }

  #integer(name: string, text: string, min: number, max: number): number {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw this.#error(`${name} is an integer from ${min} to ${max}, not '${text}'`);
  }

  #decode(text: string, shown = `'${text}'`): string {
    try {
      return decodeURIComponent(text);
    } catch {
      throw this.#error(`${shown} is not percent-encoded`);
    }
  }

  #error(text: string): UriError {
    return new UriError(`bad URI '${withoutPassword(this.#uri)}': ${text}`);
  }
}

function isScheme(text: string): text is keyof typeof ports {
  return Object.hasOwn(ports, text);
}
