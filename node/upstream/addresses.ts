import { parseUri, type UriParts } from '../../core/client/index.ts';
import type { Endpoint } from '../../core/client/dial.ts';
import { limits } from '../../core/index.ts';

/** The nodes of an upstream, which stand for each other. */
export interface UpstreamAddress {
  readonly endpoints: readonly Endpoint[];
  /** The user of the upstream whom every login stands for that is not mapped to another one. */
  readonly user?: { readonly user: string; readonly password: string };
}

/** What is relayed where. */
export interface UpstreamVhost {
  readonly name: string;
  /** Absent: to the upstream that `--upstream` names. */
  readonly upstream?: UpstreamAddress;
}

const FORM = /^(amqps?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(\/?)(\?[^#]*)?$/i;

/**
 * Reads `amqp://host1,host2:5673`, a URI with several hosts. Throws a RangeError that goes on after
 * the name of the setting, and shows no password.
 */
export function readUpstream(given: unknown): UpstreamAddress {
  const [, scheme, userInfo, hosts = '', , query = ''] = FORM.exec(String(given)) ?? [];
  if (scheme === undefined || typeof given !== 'string') {
    throw new RangeError('must be like amqp://host1,host2 or amqps://host1:5671,host2, without a '
      + 'virtual host');
  }
  const login = userInfo === undefined ? '' : `${userInfo}@`;
  const parts = hosts.split(',').map((host) => partsOf(`${scheme}://${login}${host}${query}`));
  const { user, password } = parts[0]!;
  if (user !== undefined && password === undefined) {
    throw new RangeError(`names the user '${user}' without a password`);
  }
  return {
    endpoints: parts.map(({ scheme, host, port, path, tls, connectTimeoutMs }) => ({
      scheme, host, port, path, connectTimeoutMs: connectTimeoutMs ?? limits.upstreamDialMs,
      ...(tls !== undefined && { tls }),
    })),
    ...(user !== undefined && password !== undefined && { user: { user, password } }),
  };
}

/** Reads the addresses of one list, which an environment variable has cut at each comma. */
export function readUpstreams(given: unknown): readonly UpstreamAddress[] {
  const whole: unknown[] = [];
  for (const part of [given].flat()) {
    const last = whole.at(-1);
    const isRest = typeof part === 'string' && !part.includes('://') && typeof last === 'string';
    if (isRest) whole[whole.length - 1] = `${last},${part}`;
    else whole.push(part);
  }
  return whole.map(readUpstream);
}

/** Reads `NAME`, or `NAME=amqp://host1,host2`. Throws a RangeError. */
export function readUpstreamVhost(given: unknown): UpstreamVhost {
  const [, name = '', uri] = /^(.+?)(?:=(amqps?:\/\/.*))?$/is.exec(String(given)) ?? [];
  if (typeof given !== 'string' || name === '') {
    throw new RangeError('must be the name of a virtual host, or like name=amqp://host1,host2');
  }
  return { name, ...(uri !== undefined && { upstream: readUpstream(uri) }) };
}

function partsOf(uri: string): UriParts {
  try {
    return parseUri(uri);
  } catch (error) {
    throw new RangeError(`is wrong: ${(error as Error).message}`, { cause: error });
  }
}
