import type { X509Certificate } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What of a certificate may name the user who shows it. */
export const certificateFields = [
  'distinguished-name', 'common-name', 'san-dns', 'san-email', 'san-uri',
] as const;
export type CertificateField = (typeof certificateFields)[number];

/** How OpenSSL calls the kinds of alternative names. */
const alternativeKinds: Readonly<Record<string, string>> = {
  'san-dns': 'DNS', 'san-email': 'email', 'san-uri': 'URI',
};

/** Whom the certificates of clients name, by the sockets over which they were shown. */
const names = new WeakMap<Socket, string>();

/** Whom the certificate names that was shown over this socket, where clients log in by it. */
export function certificateNameOf(socket: Socket): string | undefined {
  return names.get(socket);
}

/** Has the certificates that clients of the server show name users. */
export function nameByCertificates(server: Server, field: CertificateField | undefined): void {
  if (field === undefined) return;
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const name = certificate && nameIn(certificate, field);
    if (name !== undefined) names.set(socket, name);
  });
}

/**
 * The name that a certificate has in this field, as RabbitMQ reads it: a distinguished name with
 * its parts from the last to the first, `CN=ann,O=Example`, or the first alternative name of its
 * kind. Undefined where it has none.
 */
export function nameIn(
  { subject, subjectAltName }: Pick<X509Certificate, 'subject' | 'subjectAltName'>,
  field: CertificateField,
): string | undefined {
  const parts = subject?.split('\n') ?? [];
  switch (field) {
    case 'distinguished-name':
      return parts.length === 0 ? undefined : parts.toReversed().join(',');
    case 'common-name': {
      const common = parts.findLast((part) => part.startsWith('CN='));
      return common === undefined ? undefined : unescaped(common.slice('CN='.length));
    }
    default:
      return alternativeName(subjectAltName ?? '', `${alternativeKinds[field]}:`);
  }
}

/** A value of a distinguished name without its escapes. [RFC 4514 2.4] */
function unescaped(value: string): string {
  return value.replace(/\\(?:([\da-f]{2})|(.))/gi, (_all, hex?: string, plain?: string) => {
    return plain ?? String.fromCharCode(parseInt(hex!, 16));
  });
}

/** Names with odd letters stand as texts of JSON, so a comma in one ends none. */
function alternativeName(names: string, kind: string): string | undefined {
  for (const [entry] of names.matchAll(/[^,"\s][^,"]*(?:"(?:[^"\\]|\\.)*")?/g)) {
    if (!entry.startsWith(kind)) continue;
    const value = entry.slice(kind.length);
    return value.startsWith('"') ? JSON.parse(value) as string : value;
  }
  return undefined;
}
