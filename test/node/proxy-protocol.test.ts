/** Clients that come through proxies, which say by the PROXY protocol whom they pass on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { firstValueFrom } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PeerInfo } from '../../core/index.ts';
import { crc32c } from '../../core/storage/index.ts';
import { startGateway } from '../../node/index.ts';
import { nodeLimits } from '../../node/limits.ts';
import { readProxyHeader } from '../../node/proxy-header.ts';
import { isNetwork } from '../../node/trusted-proxies.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from './certificate.ts';
import { held, openDoors } from './doors.ts';

const certificates = useCertificates();
const ann = 'PROXY TCP4 203.0.113.7 192.0.2.1 50123 5672\r\n';
const greeting = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const trusted = { proxyProtocolFrom: ['127.0.0.0/8'] };

interface Version2 {
  readonly command?: number;
  readonly family?: number;
  readonly addresses?: readonly number[];
  readonly extra?: readonly number[];
}

function version2({ command = 0x21, family = 0x11, addresses = v4, extra = [] }: Version2 = {}): Buffer {
  const head = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0', 'latin1');
  head[12] = command;
  head[13] = family;
  head.writeUInt16BE(addresses.length + extra.length, 14);
  return Buffer.concat([head, Buffer.from([...addresses, ...extra])]);
}

const v4 = [203, 0, 113, 7, 192, 0, 2, 1, 0xc3, 0xcb, 0x16, 0x28];
const v6 = [...Array(15).fill(0), 1, ...Array(15).fill(0), 2, 0x12, 0x34, 0x16, 0x28];

function withChecksum(wrong = 0): Buffer {
  const header = version2({ extra: [3, 0, 4, 0, 0, 0, 0] });
  const block = { bytes: header, view: new DataView(header.buffer, header.byteOffset, header.length) };
  const sum = crc32c(block, 0, header.length);
  header.writeInt32BE(sum ^ wrong, header.length - 4);
  return header;
}

describe('the header', () => {
  const source = { address: '203.0.113.7', port: 50_123 };

  test.each([
    ['version 1 over IPv4', Buffer.from(ann), source],
    ['version 1 over IPv6', Buffer.from('PROXY TCP6 2001:db8::7 ::1 1 2\r\n'), { address: '2001:db8::7', port: 1 }],
    ['version 1 of an unknown source', Buffer.from('PROXY UNKNOWN what ever\r\n'), undefined],
    ['version 2 over IPv4', version2(), source],
    ['version 2 over IPv6', version2({ family: 0x21, addresses: v6 }), { address: '::1', port: 0x1234 }],
    ['version 2 with more behind the addresses', version2({ extra: [4, 0, 1, 0] }), source],
    ['version 2 with its checksum', withChecksum(), source],
    ['version 2 of the proxy itself', version2({ command: 0x20 }), undefined],
    ['version 2 of a unix socket', version2({ family: 0x31, addresses: Array(216).fill(0) }), undefined],
    ['version 2 over UDP', version2({ family: 0x12 }), undefined],
  ])('in %s is read octet by octet', (_name, header, expected) => {
    const bytes = Buffer.concat([header, greeting]);
    for (let end = 1; end < header.length; end++) {
      expect(readProxyHeader(bytes.subarray(0, end), 4096)).toBe('incomplete');
    }
    expect(readProxyHeader(bytes, 4096)).toEqual({ bytes: header.length, ...(expected && { source: expected }) });
  });

  test.each([
    ['PROXY TCP4 1.2.3.4 1.2.3.4 1 70000\r\n', 'two ports'],
    ['PROXY TCP4 ::1 ::1 1 2\r\n', 'two addresses'],
    ['PROXY TCP4 1.2.3.4\r\n', 'two addresses'],
    ['PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n', 'TCP4 or TCP6'],
    [`PROXY ${'x'.repeat(107)}`, '107 octets at most'],
    [version2({ command: 0x31 }), 'no version 3'],
    [version2({ command: 0x22 }), 'neither LOCAL nor PROXY'],
    [version2({ addresses: v4.slice(1) }), 'too short'],
    [version2({ extra: Array(5000).fill(0) }), '4096 octets at most, and this one 5028'],
    [withChecksum(1), 'checksum'],
  ])('%j is broken', (header, complaint) => {
    expect(() => readProxyHeader(Buffer.from(header as string), 4096)).toThrow(complaint);
  });

  test('is told from what else begins a connection', () => {
    for (const other of ['AMQP', 'GET / HTTP/1.1', 'PUT /', '\x16\x03\x01', '\r\nGET']) {
      expect(readProxyHeader(Buffer.from(other), 4096)).toBe('absent');
    }
  });
});

test('networks are addresses and prefixes of them', () => {
  for (const network of ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0']) {
    expect([network, isNetwork(network)]).toEqual([network, true]);
  }
  for (const network of ['10.0.0.0/33', 'proxy', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/', '']) {
    expect([network, isNetwork(network)]).toEqual([network, false]);
  }
});

async function enter(port: number, ...words: readonly (string | Buffer)[]): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await within('a connection', once(socket, 'connect'));
  for (const word of words) socket.write(word);
  return socket;
}

/** All that it is sent until it is hung up on. */
async function heardBy(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (chunk) => (heard += String(chunk)));
  await within('the end of the connection', once(socket, 'end'));
  return heard;
}

/** A TLS connection in whose first packet stands the header. */
function tlsBehind(tcp: Socket, header: string): Socket {
  let before = Buffer.from(header);
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      tcp.write(Buffer.concat([before, chunk]), done);
      before = Buffer.alloc(0);
    },
  });
  tcp.on('data', (chunk) => stream.push(chunk));
  return connectTls({ socket: stream, servername: 'localhost', ca: certificates.authority.pem });
}

const real: Partial<PeerInfo> = { address: '203.0.113.7', port: 50_123, loopback: false };

describe('the peer of a connection', () => {
  test('over TCP is the one that a trusted proxy names, in one packet with the rest or in many', async () => {
    const { serve, ends } = held({ opened: false });
    const { tcpPort, doors } = await openDoors(serve, trusted);
    await enter(tcpPort, ann + String(greeting));
    const { link, inbound } = await ends.take();
    expect(link.peer).toMatchObject({ ...real, transport: 'tcp', secure: false });
    expect(Buffer.from(await inbound.take() as Uint8Array)).toEqual(greeting);
    expect(doors.strangers.count).toBe(1);
    const slow = await enter(tcpPort);
    for (const octet of version2({ family: 0x21, addresses: v6 })) slow.write(Buffer.from([octet]));
    const second = await ends.take();
    expect(second.link.peer).toMatchObject({ address: '::1', port: 0x1234, loopback: true });
    slow.write(greeting);
    expect(Buffer.from(await second.inbound.take() as Uint8Array)).toEqual(greeting);
    second.link.opened!();
    expect(doors.strangers.count).toBe(1);
  });

  test('over HTTP is the one that the proxy names, for WebSockets and for requests', async () => {
    const { serve, ends } = held();
    const { httpPort } = await openDoors(serve, trusted);
    const request = [
      'GET /ws/amqp HTTP/1.1', 'Host: broker.example.com', 'Upgrade: websocket', 'Connection: Upgrade',
      'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
    ].join('\r\n');
    await enter(httpPort, ann, request);
    expect((await ends.take()).link.peer).toMatchObject({ ...real, transport: 'websocket' });
    // Who is on this machine may not ask under such a name.
    const ask = 'GET /health HTTP/1.1\r\nHost: broker.example.com\r\nConnection: close\r\n\r\n';
    expect(await heardBy(await enter(httpPort, ann + ask))).toMatch(/^HTTP\/1.1 200 OK[^]*ok$/);
    expect(await heardBy(await enter(httpPort, 'PROXY UNKNOWN\r\n', ask))).toMatch(/^HTTP\/1.1 421/);
  });

  test.runIf(canMakeCertificates)('over TLS is the one that the proxy names', async () => {
    const { certificate, key } = certificates.server;
    const { serve, ends } = held({ opened: false });
    const { tlsPort, doors } = await openDoors(serve, { ...trusted, tls: { certificate, key } });
    const tls = tlsBehind(await enter(tlsPort), ann);
    onTestFinished(() => void tls.destroy());
    tls.write(greeting);
    const { link, inbound } = await ends.take();
    expect(link.peer).toMatchObject({ ...real, secure: true });
    expect(Buffer.from(await inbound.take() as Uint8Array)).toEqual(greeting);
    expect(doors.strangers.count).toBe(1);
    link.opened!();
    expect(doors.strangers.count).toBe(0);
  });

  test('is the proxy itself where that speaks for itself, and whoever connects where that is nobody', async () => {
    const { serve, ends } = held();
    const { tcpPort } = await openDoors(serve, trusted);
    await enter(tcpPort, version2({ command: 0x20 }), greeting);
    expect((await ends.take()).link.peer).toMatchObject({ address: '127.0.0.1', loopback: true });
    const direct = await openDoors(serve, { proxyProtocolFrom: ['192.0.2.1'] });
    await enter(direct.tcpPort, greeting);
    const { link, inbound } = await ends.take();
    expect(link.peer).toMatchObject({ address: '127.0.0.1', loopback: true });
    expect(Buffer.from(await inbound.take() as Uint8Array)).toEqual(greeting);
  });
});

describe('who does not keep to it', () => {
  test('is hung up on, with a line in the log now and then', async () => {
    const { serve } = held();
    const { tcpPort, httpPort, logged, clock } = await openDoors(serve, trusted);
    expect(await heardBy(await enter(tcpPort, greeting))).toBe('');
    expect(await heardBy(await enter(httpPort, 'PROXY TCP4 nobody\r\n'))).toMatch(
      /^HTTP\/1.1 400 [^]*The header of the PROXY protocol is broken: a line of version 1 names/,
    );
    expect(logged).toEqual([expect.objectContaining({
      level: 'warn', msg: 'refused a PROXY header', peer: '127.0.0.1', refused: 1,
      reason: 'A trusted proxy begins with the PROXY protocol, and this did not.',
    })]);
    clock.advanceBy(nodeLimits.strangersLogMs);
    await heardBy(await enter(tcpPort, version2({ extra: Array(nodeLimits.proxyHeaderBytesMax).fill(0) })));
    expect(logged[1]).toMatchObject({ refused: 2, reason: expect.stringContaining('octets at most') });
  });

  test('is not believed unless trusted', async () => {
    const { serve } = held();
    const { tcpPort, httpPort, logged } = await openDoors(serve, { proxyProtocolFrom: ['192.0.2.0/24'] });
    expect(await heardBy(await enter(tcpPort, version2()))).toBe('');
    expect(await heardBy(await enter(httpPort, ann))).toMatch(/^HTTP\/1.1 400 [^]*--proxy-protocol-from names/);
    expect(logged).toMatchObject([{ reason: expect.stringContaining('--proxy-protocol-from') }]);
  });

  test('and says nothing has the time of a stranger', async () => {
    const { serve } = held();
    const { tcpPort, doors, clock } = await openDoors(serve, trusted);
    const silent = await enter(tcpPort, 'PRO');
    const left = once(silent, 'close');
    await heardBy(await enter(tcpPort, 'x'));
    clock.advanceBy(nodeLimits.strangerMs);
    await within('the silent one to be dropped', left);
    expect(doors.strangers.count).toBe(0);
  });
});

test('strangers make room for others of the network behind the proxy, not of the proxy', async () => {
  const { serve, ends } = held({ opened: false });
  const { tcpPort, doors, clock } = await openDoors(serve, { ...trusted, strangersMax: 3 });
  const others = await Promise.all([1, 2].map(async (host) => {
    const socket = await enter(tcpPort, ann.replace('203.0.113.7', `198.51.100.${host}`), greeting);
    await ends.take();
    return socket;
  }));
  const first = await enter(tcpPort, ann, greeting);
  await ends.take();
  clock.advanceBy(nodeLimits.strangerGraceMs);
  // Of the proxy's own network there is nobody, so the oldest of all makes way for its accept.
  await enter(tcpPort, ann.replace('50123', '50124'), greeting);
  await within('the oldest to be dropped', once(others[0]!, 'close'));
  await ends.take();
  await enter(tcpPort, ann.replace('50123', '50125'), greeting);
  await within('the next to be dropped', once(others[1]!, 'close'));
  await ends.take();
  expect(first.destroyed).toBe(false);
  expect(doors.strangers.count).toBe(3);
});

test('guest is from elsewhere where the proxy says so', async () => {
  const gateway = await startGateway({ ports: { amqp: 0, http: 0 }, proxyProtocolFrom: ['127.0.0.1'] });
  onTestFinished(() => gateway.stop());
  const refused = firstValueFrom(gateway.broker.events$);
  const socket = await enter(gateway.ports.amqp, ann, greeting);
  await within('connection.start', once(socket, 'data'));
  const response = '\0guest\0guest';
  const args = Buffer.concat([
    Buffer.alloc(4), Buffer.from('\x05PLAIN'), Buffer.from([0, 0, 0, response.length]),
    Buffer.from(response), Buffer.from('\x05en_US'),
  ]);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, args.length + 4, 0, 10, 0, 11]);
  socket.write(Buffer.concat([head, args, Buffer.from([0xce])]));
  expect(await within('the refusal', refused)).toMatchObject({
    type: 'connection.refused', connection: { peer: '203.0.113.7:50123' },
    text: expect.stringContaining("User 'guest' can only connect from the machine of the broker"),
  });
});
