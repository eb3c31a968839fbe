import { AmqpError } from '../errors.ts';
import type { Credentials, PeerInfo } from '../ports.ts';
import { readTableContent, writeTable } from '../protocol/field-table.ts';
import { Reader } from '../protocol/reader.ts';
import { bufferWriter } from '../protocol/scratch.ts';

/**
 * Mechanisms that there are, best known first: a name with its password, in two forms, and the
 * certificate that a client showed. CON-06.
 */
export const mechanisms = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'] as const;
/** The name of a mechanism. */
export type Mechanism = (typeof mechanisms)[number];

/** Of the mechanisms that are configured, those that this client can use. */
export function offeredTo(
  { certificateName }: PeerInfo, configured: readonly Mechanism[],
): readonly Mechanism[] {
  return configured.filter((name) => name !== 'EXTERNAL' || certificateName !== undefined);
}

/** Octets before a table's content. */
const TABLE_SIZE_BYTES = 4;

const utf8 = /* @__PURE__ */ new TextDecoder();
const encoder = new TextEncoder();

/** Reads the response of connection.start-ok. CON-07, CON-08, CON-11. */
export function readCredentials(
  mechanism: string, response: Uint8Array, peer: PeerInfo, offered: readonly Mechanism[],
): Credentials {
  const known = offered.find((name) => name === mechanism);
  switch (known) {
    case 'PLAIN':
      return readPlain(response);
    case 'AMQPLAIN':
      return readAmqplain(response);
    case 'EXTERNAL':
      // Who it is says the certificate, whatever the response says.
      return { mechanism, user: peer.certificateName!, password: '' };
    case undefined:
      throw new AmqpError(
        'COMMAND_INVALID',
        `unknown authentication mechanism '${mechanism}'; offered are ${offered.join(' ')}`,
      );
  }
}

/** `[authzid] NUL user NUL password`. [RFC 4616] */
function readPlain(response: Uint8Array): Credentials {
  const parts = utf8.decode(response).split('\0');
  const [, user, password] = parts;
  if (parts.length !== 3 || user === undefined || password === undefined) {
    throw new AmqpError('SYNTAX_ERROR', 'response is not of the form of the PLAIN mechanism');
  }
  return { mechanism: 'PLAIN', user, password };
}

/** A field table without its length: LOGIN and PASSWORD. */
function readAmqplain(response: Uint8Array): Credentials {
  const table = readTableContent(new Reader(response));
  const { LOGIN: user, PASSWORD: password } = table;
  if (typeof user !== 'string' || typeof password !== 'string') {
    throw new AmqpError('SYNTAX_ERROR', 'AMQPLAIN response lacks LOGIN or PASSWORD');
  }
  return { mechanism: 'AMQPLAIN', user, password };
}

/** The client's response for PLAIN. */
export function plainResponse(user: string, password: string): Uint8Array {
  return encoder.encode(`\0${user}\0${password}`);
}

/** The client's response for AMQPLAIN: the content of a table. */
export function amqplainResponse(user: string, password: string): Uint8Array {
  const writer = bufferWriter();
  writeTable(writer, { LOGIN: user, PASSWORD: password });
  return writer.block.bytes.slice(TABLE_SIZE_BYTES, writer.length);
}
