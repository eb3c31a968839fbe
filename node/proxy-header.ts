import { isIPv4, isIPv6 } from 'node:net';
import { crc32c } from '../core/storage/index.ts';

/** Where a connection comes from that a proxy passes on. */
export interface ProxiedSource {
  readonly address: string;
  readonly port: number;
}

/** What stands before the first octet of the client. */
export interface ProxyHeader {
  /** How many octets it takes. */
  readonly bytes: number;
  /** Absent where the proxy speaks for itself, as to look whether there is somebody. */
  readonly source?: ProxiedSource;
}

/** The longest line of version 1, with its line end. [PROXY protocol 2.1] */
const V1_BYTES_MAX = 107;
const V1_START = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version with command, family with transport, length. [PROXY protocol 2.2] */
const V2_START_BYTES = 16;
const VERSION_2 = 2;
/** Octets of two addresses and two ports, by address family. */
const V2_ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 12, 2: 36 };
const V2_STREAM = 1;
const TLV_CRC32C = 3;
const TLV_START_BYTES = 3;

/**
 * Reads the header that a proxy puts before a connection, in version 1 or 2 of the protocol.
 * `incomplete`: it may become one; `absent`: these octets begin something else. Throws a
 * RangeError that says what is wrong where it begins as a header and is none, or is longer than
 * `bytesMax`.
 */
export function readProxyHeader(
  octets: Buffer, bytesMax: number,
): ProxyHeader | 'incomplete' | 'absent' {
  if (startsAs(octets, V2_SIGNATURE)) return readVersion2(octets, bytesMax);
  if (startsAs(octets, V1_START)) return readVersion1(octets);
  return 'absent';
}

function startsAs(octets: Buffer, start: Buffer): boolean {
  const bytes = Math.min(octets.length, start.length);
  return octets.subarray(0, bytes).equals(start.subarray(0, bytes));
}

function readVersion1(octets: Buffer): ProxyHeader | 'incomplete' {
  const end = octets.subarray(0, V1_BYTES_MAX).indexOf('\r\n');
  if (end === -1) {
    if (octets.length < V1_BYTES_MAX) return 'incomplete';
    throw new RangeError(`a line of version 1 has ${V1_BYTES_MAX} octets at most`);
  }
  const bytes = end + 2;
  const [, family, ...words] = octets.toString('latin1', 0, end).split(' ');
  // What follows is nothing to rely on. [PROXY protocol 2.1]
  if (family === 'UNKNOWN') return { bytes };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false;
  const [source = '', destination = '', ...ports] = words;
  const isWellFormed = isAddress(source) && isAddress(destination) &&
    ports.length === 2 && ports.every(isPort);
  if (!isWellFormed) {
    throw new RangeError('a line of version 1 names TCP4 or TCP6, two addresses and two ports');
  }
  return { bytes, source: { address: source, port: Number(ports[0]) } };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function readVersion2(octets: Buffer, bytesMax: number): ProxyHeader | 'incomplete' {
  if (octets.length < V2_START_BYTES) return 'incomplete';
  const version = octets[12]! >> 4;
  const command = octets[12]! & 15;
  const bytes = V2_START_BYTES + octets.readUInt16BE(14);
  if (version !== VERSION_2) throw new RangeError(`there is no version ${version} of the header`);
  if (command > 1) throw new RangeError(`command ${command} is neither LOCAL nor PROXY`);
  if (bytes > bytesMax) {
    throw new RangeError(`a header has ${bytesMax} octets at most, and this one ${bytes}`);
  }
  if (octets.length < bytes) return 'incomplete';
  const header = octets.subarray(0, bytes);
  const family = header[13]! >> 4;
  const addressBytes = V2_ADDRESS_BYTES[family] ?? 0;
  const isLocal = command === 0;
  if (!isLocal && bytes < V2_START_BYTES + addressBytes) {
    throw new RangeError('the header is too short for its addresses');
  }
  checkSum(header, V2_START_BYTES + addressBytes);
  // Others than TCP over IP have no address that means anything here.
  if (isLocal || addressBytes === 0 || (header[13]! & 15) !== V2_STREAM) return { bytes };
  return { bytes, source: sourceOf(header, family === 1 ? 4 : 16) };
}

function sourceOf(header: Buffer, addressBytes: number): ProxiedSource {
  const octets = header.subarray(V2_START_BYTES, V2_START_BYTES + addressBytes);
  const port = header.readUInt16BE(V2_START_BYTES + 2 * addressBytes);
  if (addressBytes === 4) return { address: octets.join('.'), port };
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(2 * index));
  return { address: new URL(`http://[${groupsText(groups)}]`).hostname.slice(1, -1), port };
}

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** Where a header brings its checksum, that has to be right. [PROXY protocol 2.2.3] */
function checkSum(header: Buffer, tlvsStart: number): void {
  for (let at = tlvsStart; at + TLV_START_BYTES <= header.length;) {
    const length = header.readUInt16BE(at + 1);
    const value = at + TLV_START_BYTES;
    if (header[at] === TLV_CRC32C && length === 4 && value + length <= header.length) {
      const given = header.readInt32BE(value);
      const copy = Uint8Array.from(header).fill(0, value, value + length);
      const block = { bytes: copy, view: new DataView(copy.buffer) };
      if (crc32c(block, 0, copy.length) !== given) {
        throw new RangeError('the checksum of the header is wrong');
      }
    }
    at = value + length;
  }
}
