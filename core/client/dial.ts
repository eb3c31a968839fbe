import type { Observable } from 'rxjs';
import type { Serve } from '../ports.ts';
import { LostError } from './errors.ts';

/** How an encrypted link is made. Where nothing is given, the runtime's defaults hold. */
export interface TlsOptions {
  /** Certificates, in PEM form, of those whose signature is trusted. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's own certificate and key, in PEM form, and what unlocks the key. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** Paths of files with the same, as AMQP URIs name them; only for dials that can read files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the server's certificate must bear. Default: the host of the URI. */
  readonly servername?: string;
  /** Whether a certificate that cannot be trusted ends the attempt. Default: true. */
  readonly rejectUnauthorized?: boolean;
}

/** Where a broker is, and how to get there. */
export interface Endpoint {
  readonly scheme: 'amqp' | 'amqps' | 'ws' | 'wss' | 'port';
  /** Name or address, an IPv6 address without its brackets; '' where there is a message port. */
  readonly host: string;
  readonly port: number;
  /** Path and query of a WebSocket URI, such as `/ws/amqp`; else ''. */
  readonly path: string;
  readonly tls?: TlsOptions;
  /** Milliseconds from the first try until AMQP is open; the client itself keeps this deadline. */
  readonly connectTimeoutMs: number;
  /** A MessagePort whose other end a broker serves; scheme `port` only. */
  readonly messagePort?: unknown;
}

/**
 * Opens a transport to the endpoint and serves it until either side ends. It errors with a
 * DialError, whose text a person understands, where the transport cannot be opened; it completes
 * when the link ended. Unsubscribing drops the transport.
 */
export type Dial = (endpoint: Endpoint, serve: Serve) => Observable<never>;

/** A transport could not be opened: no such host, nobody listens, TLS was refused, and the like. */
export class DialError extends LostError {
  override readonly name: string = 'DialError';
}
