import { limits } from '../limits.ts';
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

/** scheme, user information, host, port, path, query */
const FORM = new RegExp(
  String.raw`^([a-z]+)://(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#[\]]*)` +
    String.raw`(?::([^/?#]*))?(/[^?#]*)?(\?[^#]*)?$`,
  'i',
);

/** A URI without what is secret in it, for texts that people read. */
export function withoutPassword(uri: string): string {
  return uri.replace(/^([^/]*\/\/[^:@/?#]*):[^@/?#]*@/, '$1:***@');
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
    const host = this.#decode(hostText.replace(/^\[|\]$/g, ''));
    const webSocket = scheme === 'ws' || scheme === 'wss';
    if (webSocket && host === '') throw this.#error('it names no host');
    return {
      scheme,
      host: host === '' ? 'localhost' : host,
      port: portText === '' ? ports[scheme] : this.#integer('port', portText, 1, 65_535),
      path: webSocket ? (path || '/') + withoutOurs(query) : '',
      ...this.#credentials(userInfo),
      ...(webSocket ? {} : this.#vhost(path)),
      ...this.#parameters(query, scheme === 'amqps' || scheme === 'wss', webSocket),
    };
  }

  #credentials(userInfo: string | undefined): Partial<UriParts> {
    if (userInfo === undefined || userInfo === '') return {};
    const colon = userInfo.indexOf(':');
    if (colon < 0) return { user: this.#decode(userInfo) };
    return {
      user: this.#decode(userInfo.slice(0, colon)),
      password: this.#decode(userInfo.slice(colon + 1)),
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

  #parameters(query: string, encrypted: boolean, webSocket: boolean): Partial<UriParts> {
    const tls: { -readonly [K in keyof TlsOptions]: TlsOptions[K] } = {};
    const parts: { -readonly [K in keyof UriParts]?: UriParts[K] } = {};
    const mechanisms: string[] = [];
    for (const [name, value] of this.#pairs(query)) {
      switch (name) {
        case 'heartbeat':
          parts.heartbeat = this.#integer(name, value, 0, 65_535);
          break;
        case 'frame_max':
          parts.frameMax = this.#frameMax(value);
          break;
        case 'channel_max':
          parts.channelMax = this.#integer(name, value, 0, 65_535);
          break;
        case 'connection_timeout':
          parts.connectTimeoutMs = this.#integer(name, value, 1, 2 ** 31 - 1);
          break;
        case 'auth_mechanism':
          mechanisms.push(...value.split(/[\s,]+/).map((each) => each.toUpperCase()));
          break;
        case 'vhost':
          parts.vhost = value;
          break;
        case 'cacertfile':
          tls.caFile = value;
          break;
        case 'certfile':
          tls.certFile = value;
          break;
        case 'keyfile':
          tls.keyFile = value;
          break;
        case 'password':
          tls.passphrase = value;
          break;
        case 'server_name_indication':
          tls.servername = value;
          break;
        case 'verify':
          tls.rejectUnauthorized = this.#verify(value);
          break;
        default:
          // The rest of a WebSocket's query is for whoever answers it, such as a proxy.
          if (!webSocket) throw this.#error(`the parameter '${name}' is not known`);
      }
    }
    if (Object.keys(tls).length > 0) {
      if (!encrypted) throw this.#error('it has TLS parameters, but its scheme is not encrypted');
      parts.tls = tls;
    }
    if (mechanisms.length > 0) parts.authMechanism = mechanisms;
    return parts;
  }

  #pairs(query: string): [string, string][] {
    return query.slice(1).split('&').filter(Boolean).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [this.#decode(name), this.#decode(value.join('='))];
    });
  }

  #frameMax(value: string): number {
    const frameMax = this.#integer('frame_max', value, 0, 2 ** 32 - 1);
    if (frameMax === 0 || frameMax >= limits.frameBytesMin) return frameMax;
    throw this.#error(`frame_max is 0 for no limit, or at least ${limits.frameBytesMin}`);
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

  #decode(text: string): string {
    try {
      return decodeURIComponent(text);
    } catch {
      throw this.#error(`'${text}' has a percent sign that no two hexadecimal digits follow`);
    }
  }

  #error(text: string): UriError {
    return new UriError(`bad URI '${withoutPassword(this.#uri)}': ${text}`);
  }
}

function isScheme(text: string): text is keyof typeof ports {
  return Object.hasOwn(ports, text);
}

const OURS = new RegExp(
  '^(heartbeat|frame_max|channel_max|connection_timeout|auth_mechanism|vhost|cacertfile|' +
    'certfile|keyfile|password|server_name_indication|verify)=',
);

/** What AMQP means by its parameters is not for the server of the WebSocket. */
function withoutOurs(query: string): string {
  const rest = query.slice(1).split('&').filter((pair) => pair !== '' && !OURS.test(pair));
  return rest.length === 0 ? '' : `?${rest.join('&')}`;
}
