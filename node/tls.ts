import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureVersion, type TLSSocket } from 'node:tls';
import type { CertificateField } from './certificate-name.ts';
import { StartError, codeOf } from './start-error.ts';

/** PEM files: the server's certificate and key, and who signs the certificates of clients. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authorities?: string | undefined;
  /**
   * What of the certificate that a client shows is the name of its user: then it may log in by
   * EXTERNAL. Default: nothing, and it may not.
   */
  readonly loginFrom?: CertificateField | undefined;
  /** Oldest version that is spoken. Default: 1.2. */
  readonly minVersion?: TlsVersion | undefined;
  /** In the form of OpenSSL. Default: suites with forward secrecy, all of them authenticated. */
  readonly ciphers?: string | undefined;
}

export const tlsVersions = ['1.0', '1.1', '1.2', '1.3'] as const;
export type TlsVersion = (typeof tlsVersions)[number];

const nodeVersions: Readonly<Record<TlsVersion, SecureVersion>> = {
  '1.0': 'TLSv1', '1.1': 'TLSv1.1', '1.2': 'TLSv1.2', '1.3': 'TLSv1.3',
};

/**
 * Each has forward secrecy: who gets hold of the key cannot read what was sent before. Static RSA
 * has none, and suites in CBC mode are open to padding oracles. [RFC 9325 4.2]
 */
const DEFAULT_CIPHERS = [
  'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: SecureVersion;
  readonly ciphers: string;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly loginFrom?: CertificateField | undefined;
}

/** Reads and checks the files now, so that a mistake shows at start and not at the first client. */
export function readTls(files: TlsFiles): TlsOptions {
  const cert = read('certificate', files.certificate);
  const key = read('key', files.key);
  check({ cert }, `The certificate ${files.certificate} is not a PEM certificate`);
  check({ key }, `The key ${files.key} is not a PEM private key without a passphrase`);
  check({ cert, key }, `The key ${files.key} does not belong to ${files.certificate}`);
  // A client needs no certificate, so the handshake goes on without one; what it shows is judged
  // by showsForeignCertificate.
  const { ciphers = DEFAULT_CIPHERS } = files;
  const spoken = { minVersion: nodeVersions[files.minVersion ?? '1.2'], ciphers };
  check(spoken, `There are no such TLS cipher suites: ${ciphers}`);
  const options = { cert, key, ...spoken, rejectUnauthorized: false };
  if (files.authorities === undefined) {
    if (files.loginFrom === undefined) return { ...options, requestCert: false };
    throw new StartError('A certificate that logs in is one of an authority: --tls-ca names it.');
  }
  const ca = read('certificate authorities', files.authorities);
  checkAuthorities(ca, files.authorities);
  return { ...options, ca, requestCert: true, loginFrom: files.loginFrom };
}

/** Whether a client showed a certificate that none of the authorities signed. */
export function showsForeignCertificate(socket: TLSSocket): boolean {
  if (socket.authorized) return false;
  return socket.getPeerX509Certificate() !== undefined;
}

function read(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'it is a directory',
    };
    const reason = reasons[codeOf(error)] ?? String(error);
    throw new StartError(`Cannot read the TLS ${what} ${path}: ${reason}.`);
  }
}

/** Node takes authorities that are none, and would then know nobody who signs certificates. */
function checkAuthorities(pem: Buffer, path: string): void {
  const complaint = `The certificate authorities ${path} are not PEM certificates`;
  const certificates = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-*[^-]*-*/g);
  if (certificates === null) throw new StartError(`${complaint}.`);
  try {
    certificates.map((certificate) => new X509Certificate(certificate));
  } catch (error) {
    throw new StartError(`${complaint}: ${(error as Error).message}.`);
  }
}

function check(options: Parameters<typeof createSecureContext>[0], complaint: string): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new StartError(`${complaint}: ${(error as Error).message}.`);
  }
}

/** When the certificates of these files end, by the file. */
export function certificatesEnd(files: TlsFiles | undefined): ReadonlyMap<string, number> {
  const paths = files === undefined ? [] : [files.certificate, files.authorities ?? ''];
  return new Map(paths.filter((path) => path !== '').map((path) => (
    [path, Date.parse(new X509Certificate(read('certificate', path)).validTo)])));
}
