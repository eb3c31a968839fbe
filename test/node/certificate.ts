/** Certificates for one run of the tests, made by Debian's openssl. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  readonly pem: Buffer;
  readonly keyPem: Buffer;
}

export interface Certificates {
  /** Signs `server` and `client`. */
  readonly authority: Certificate;
  readonly server: Certificate;
  readonly client: Certificate;
  /** Of O=Example, CN=ann, with an address of mail and a URI. Signed by the authority. */
  readonly ann: Certificate;
  /** Signed by nobody but itself. */
  readonly stranger: Certificate;
  readonly folder: string;
}

/** Whether there is a tool to make certificates; where CI is set, its absence is a failure. */
export const canMakeCertificates = openssl(['version']) === undefined;

if (!canMakeCertificates) {
  const sentence = 'The TLS tests are SKIPPED: there is no openssl (Debian package openssl).';
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stderr.write(`${sentence}\n`);
}

/** Certificates for all tests of a file; the fields may be read from the first test on. */
export function useCertificates(): Certificates {
  const certificates = {} as Certificates;
  if (!canMakeCertificates) return certificates;
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'tabmq-certificates-'));
    Object.assign(certificates, makeCertificates(folder));
  });
  afterAll(() => rmSync(certificates.folder, { recursive: true }));
  return certificates;
}

function makeCertificates(folder: string): Certificates {
  const authority = make(folder, 'authority');
  return {
    folder,
    authority,
    server: make(folder, 'server', authority),
    client: make(folder, 'client', authority),
    ann: make(folder, 'ann', authority, {
      subject: '/O=Example/CN=ann', names: 'email:ann@example.com,URI:urn:ann,DNS:ann.example.com',
    }),
    stranger: make(folder, 'stranger'),
  };
}

interface Holder {
  readonly subject: string;
  readonly names: string;
}

function make(
  folder: string, name: string, signer?: Certificate,
  { subject, names }: Holder = { subject: `/CN=${name}`, names: 'DNS:localhost,IP:127.0.0.1' },
): Certificate {
  const certificate = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  const signing = signer === undefined ? [] : ['-CA', signer.certificate, '-CAkey', signer.key];
  const failure = openssl([
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', subject, '-addext', `subjectAltName=${names}`,
    '-keyout', key, '-out', certificate, ...signing,
  ]);
  if (failure !== undefined) throw new Error(`openssl failed: ${failure}`);
  return { certificate, key, pem: readFileSync(certificate), keyPem: readFileSync(key) };
}

/** Why it failed, if it did. */
function openssl(flags: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync('openssl', flags, { encoding: 'utf8' });
  return status === 0 ? undefined : String(error ?? stderr);
}

/** A file with this text beside the certificates. */
export function writeBeside({ folder }: Certificates, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
