import { concat } from '../../../core/protocol/index.ts';
import type { WireFrame } from './wire-frame.ts';

/**
 * Frames as a capture file, so that Wireshark opens them. Each connection gets addresses, ports
 * and a TCP handshake that never were; times, octets and their order are the true ones.
 */

/** IP packets without a link layer. */
const LINKTYPE_RAW = 101;
const SERVER = { address: [10, 0, 0, 1], port: 5672 } as const;
const CLIENT_NETWORK = [10, 0, 1] as const;
const CLIENT_PORT_MIN = 40_000;
const IP_HEADER_BYTES = 20;
const TCP_HEADER_BYTES = 20;
/** Payload of one packet: what does not fit goes on in the next. */
const PAYLOAD_BYTES_MAX = 16_384;
const flags = { synchronize: 0x02, push: 0x08, acknowledge: 0x10 } as const;

interface Host { readonly address: readonly number[]; readonly port: number }

/** A connection as two hosts, each with the next sequence number that it sends. */
interface Conversation {
  readonly client: Host;
  readonly next: { client: number; server: number };
}

export function toPcapng(frames: readonly WireFrame[], wallStart: number): Uint8Array {
  const blocks: Uint8Array[] = [sectionHeader(), interfaceDescription()];
  const conversations = new Map<string, Conversation>();
  for (const frame of frames) {
    const at = wallStart + frame.at;
    let conversation = conversations.get(frame.connection);
    if (conversation === undefined) {
      conversation = open(conversations.size);
      conversations.set(frame.connection, conversation);
      blocks.push(...handshake(conversation).map((packet) => packetBlock(at, packet)));
    }
    for (let start = 0; start < frame.bytes.length; start += PAYLOAD_BYTES_MAX) {
      const payload = frame.bytes.subarray(start, start + PAYLOAD_BYTES_MAX);
      const from = frame.direction === 'in' ? 'client' : 'server';
      const both = flags.push | flags.acknowledge;
      blocks.push(packetBlock(at, segment(conversation, from, both, payload)));
    }
  }
  return concat(blocks);
}

function open(index: number): Conversation {
  const client = {
    address: [...CLIENT_NETWORK, 1 + (index % 250)], port: CLIENT_PORT_MIN + (index % 20_000),
  };
  return { client, next: { client: 0, server: 0 } };
}

function handshake(conversation: Conversation): Uint8Array[] {
  const nothing = new Uint8Array();
  const { synchronize, acknowledge } = flags;
  return [
    segment(conversation, 'client', synchronize, nothing),
    segment(conversation, 'server', synchronize | acknowledge, nothing),
    segment(conversation, 'client', acknowledge, nothing),
  ];
}

/** One IP packet with one TCP segment; moves the sender's sequence number on. */
function segment(
  { client, next }: Conversation, from: 'client' | 'server', bits: number, payload: Uint8Array,
): Uint8Array {
  const to = from === 'client' ? 'server' : 'client';
  const hosts = { client, server: SERVER };
  const [source, destination] = [hosts[from], hosts[to]];
  const bytes = new Uint8Array(IP_HEADER_BYTES + TCP_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);

  const tcp = IP_HEADER_BYTES;
  view.setUint16(tcp, source.port);
  view.setUint16(tcp + 2, destination.port);
  view.setUint32(tcp + 4, next[from]);
  view.setUint32(tcp + 8, (bits & flags.acknowledge) === 0 ? 0 : next[to]);
  view.setUint8(tcp + 12, (TCP_HEADER_BYTES / 4) << 4);
  view.setUint8(tcp + 13, bits);
  view.setUint16(tcp + 14, 0xffff);
  bytes.set(payload, tcp + TCP_HEADER_BYTES);

  view.setUint8(0, 0x45);
  view.setUint16(2, bytes.length);
  view.setUint8(8, 64);
  view.setUint8(9, 6);
  bytes.set(source.address, 12);
  bytes.set(destination.address, 16);
  view.setUint16(10, checksum(bytes.subarray(0, IP_HEADER_BYTES)));
  // TCP sums a pseudo header as well: both addresses, the protocol and the length.
  const pseudo = 6 + bytes.length - IP_HEADER_BYTES;
  view.setUint16(tcp + 16, checksum(bytes.subarray(12), pseudo));

  next[from] += payload.length + ((bits & flags.synchronize) === 0 ? 0 : 1);
  return bytes;
}

/** The Internet checksum: one's complement of the one's complement sum (RFC 1071). */
function checksum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function sectionHeader(): Uint8Array {
  const body = new DataView(new ArrayBuffer(16));
  body.setUint32(0, 0x1a2b3c4d, true);
  body.setUint16(4, 1, true);
  body.setBigInt64(8, -1n, true);
  return block(0x0a0d0d0a, body);
}

function interfaceDescription(): Uint8Array {
  const body = new DataView(new ArrayBuffer(8));
  body.setUint16(0, LINKTYPE_RAW, true);
  return block(1, body);
}

/** Times are in microseconds since 1970, as they are where an interface says nothing else. */
function packetBlock(atMs: number, packet: Uint8Array): Uint8Array {
  const padded = Math.ceil(packet.length / 4) * 4;
  const body = new DataView(new ArrayBuffer(20 + padded));
  const microseconds = BigInt(Math.round(atMs * 1000));
  body.setUint32(4, Number(microseconds >> 32n), true);
  body.setUint32(8, Number(microseconds & 0xffff_ffffn), true);
  body.setUint32(12, packet.length, true);
  body.setUint32(16, packet.length, true);
  new Uint8Array(body.buffer).set(packet, 20);
  return block(6, body);
}

/** A block has its type in front, and its length on both sides. */
function block(type: number, body: DataView): Uint8Array {
  const length = body.byteLength + 12;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(new Uint8Array(body.buffer), 8);
  view.setUint32(length - 4, length, true);
  return bytes;
}
