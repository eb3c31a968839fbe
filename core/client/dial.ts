import type { Observable } from 'rxjs';
import type { Serve } from '../ports.ts';

/** TLS as plain data; files are read by whoever makes it. A browser has its own and takes none. */
export interface TlsOptions {
  /** PEM certificates to trust instead of those that Node knows. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** PEM certificate of this client, for a broker that asks for one. */
  readonly cert?: string | Uint8Array | undefined;
  /** PEM private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
  /** The name that the broker's certificate must bear. Default: the host. */
  readonly servername?: string | undefined;
  /** False trusts any certificate. Default: true. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Where a broker is, and how to get there. */
export interface Endpoint {
  readonly scheme: 'amqp' | 'amqps' | 'ws' | 'wss' | 'port';
  /** A name or a numeric address, without brackets; empty for a MessagePort. */
  readonly host: string;
  /** 0 for a MessagePort. */
  readonly port: number;
  /** Of a WebSocket, with its slash; elsewhere empty. */
  readonly path: string;
  readonly tls?: TlsOptions | undefined;
  /** Time until the transport is open, beyond which it is an error. */
  readonly connectTimeoutMs: number;
  /** The MessagePort itself, whose type core does not know. */
  readonly messagePort?: unknown;
}

/**
 * Opens a transport to the endpoint and serves it until either side ends; completes when it has
 * closed. Fails with a DialError where it cannot be opened. Unsubscribing drops the transport.
 */
export type Dial = (endpoint: Endpoint, serve: Serve) => Observable<never>;

/** Why no transport could be opened, in one sentence that names the endpoint. */
export class DialError extends Error {
  override readonly name: string = 'DialError';
  /** What the system calls it, such as ECONNREFUSED; empty where it has no name. */
  readonly code: string;

  constructor(sentence: string, options: { code?: string; cause?: unknown } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? '';
  }
}

/** The endpoint as a person writes it: `amqps://broker.example:5671`. */
export function nameOf({ scheme, host, port, path }: Endpoint): string {
  if (scheme === 'port') return 'the MessagePort';
  const address = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${address}:${port}${path}`;
}
