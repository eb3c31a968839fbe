import { codeOf } from './start-error.ts';
import type { Endpoint } from '../core/client/dial.ts';

/** What Node, OpenSSL or ws mean, in the words of somebody who only wants to connect. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side dropped the connection',
  EPIPE: 'the other side dropped the connection',
  ENOTFOUND: 'no such host name is known',
  EAI_AGAIN: 'the host name could not be looked up, as the name service does not answer',
  ETIMEDOUT: 'there is no answer from there',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  EACCES: 'this user may not connect there',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate was made for another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a certificate of this client',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the certificate of this client',
  ERR_OSSL_BAD_DECRYPT: 'the passphrase does not open the private key',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the private key does not belong to the certificate',
  ERR_OSSL_PEM_NO_START_LINE: 'a certificate or key that was given is not in PEM form',
  ENOENT: 'a file of certificates or keys is not there',
};

const NOT_TRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER|VERIFY)_\w+)$/;
/** What OpenSSL says when the answer to its greeting is none of TLS. */
const NO_TLS = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST))$/;

/** Why a connection could not be opened or was lost: a clause, with the code in parentheses. */
export function reasonOf(error: unknown, { scheme }: Endpoint): string {
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (code === '') return text.replace(/\.$/, '');
  const encrypted = scheme === 'amqps' || scheme === 'wss';
  return `${inWords(code, text, encrypted)} (${code})`;
}

function inWords(code: string, text: string, encrypted: boolean): string {
  if (NOT_TRUSTED.test(code)) {
    return 'its certificate is signed by nobody who is trusted here; name the authority in tls.ca';
  }
  if (NO_TLS.test(code)) return 'it does not speak TLS';
  if (code === 'ECONNRESET' && encrypted && text.includes('before secure TLS')) {
    return 'it ended the TLS handshake, so that it may not speak TLS';
  }
  // What http finds where the answer to a WebSocket's request is none of HTTP.
  if (code.startsWith('HPE_')) return 'it does not speak HTTP, and so no WebSocket';
  return reasons[code] ?? text.replace(/\.$/, '');
}
