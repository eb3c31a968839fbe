/** Clients that have yet to open a connection: how many there may be, for how long, and with how much. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect as connectAmqp } from 'amqplib';
import { WebSocket } from 'ws';
import { nodeLimits } from '../../node/limits.ts';
import { startGateway } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from './certificate.ts';
import { tcpClient, tlsClient } from './client.ts';
import { held, openDoors, type DoorsOptions, type OpenDoors } from './doors.ts';

const { strangerMs, strangerGraceMs, strangerInputBytesMax } = nodeLimits;
const certificates = useCertificates();

interface Client {
  readonly socket: Socket;
  /** All that it was sent, once it is hung up on. */
  readonly closed: Promise<string>;
}

async function enter(port: number, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => (heard += String(chunk)));
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(heard));
  });
  await within('a connection', once(socket, 'connect'));
  return { socket, closed: within('the stranger to be dropped', closed) };
}

async function strangeDoors(options: DoorsOptions = {}): Promise<OpenDoors & ReturnType<typeof held>> {
  const { serve, ends } = held({ opened: false });
  return { ...await openDoors(serve, options), serve, ends };
}

describe('a stranger', () => {
  test('by whatever way it came has its time, and those who opened a connection have theirs', async () => {
    const tls = canMakeCertificates && {
      tls: { certificate: certificates.server.certificate, key: certificates.server.key },
    };
    const { tcpPort, httpPort, tlsPort, doors, clock, ends } = await strangeDoors({ ...tls });
    const known = await tcpClient({ tcpPort });
    const { link } = await ends.take();
    link.opened!();
    expect(doors.strangers.count).toBe(0);
    const ports = [tcpPort, httpPort, ...(canMakeCertificates ? [tlsPort] : [])];
    const strangers = await Promise.all(ports.map((port) => enter(port)));
    const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}`);
    await within('a WebSocket', once(webSocket, 'open'));
    expect(doors.strangers.count).toBe(ports.length + 1);
    clock.advanceBy(strangerMs - 1);
    expect(doors.strangers.count).toBe(ports.length + 1);
    clock.advanceBy(1);
    await Promise.all([...strangers.map(({ closed }) => closed), within('the close', once(webSocket, 'close'))]);
    expect(doors.strangers.count).toBe(0);
    known.send(Buffer.from('x'));
    await ends.take();
    expect(clock.pending).toBe(0);
  });

  test('that is over TLS is known once it opens a connection there', async (context) => {
    if (!canMakeCertificates) return context.skip();
    const { certificate, key } = certificates.server;
    const { doors, tlsPort, ends } = await strangeDoors({ tls: { certificate, key } });
    await tlsClient({ tlsPort }, certificates.authority.pem);
    expect(doors.strangers.count).toBe(1);
    (await ends.take()).link.opened!();
    expect(doors.strangers.count).toBe(0);
  });

  test('that asks over HTTP has its time between two requests', async () => {
    const { httpPort, doors, clock } = await strangeDoors();
    const { socket, closed } = await enter(httpPort);
    const ask = async (): Promise<void> => {
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await within('an answer', once(socket, 'data'));
    };
    await ask();
    clock.advanceBy(strangerMs - 1);
    await ask();
    clock.advanceBy(strangerMs - 1);
    expect(doors.strangers.count).toBe(1);
    clock.advanceBy(1);
    expect((await closed).match(/200 OK/g)).toHaveLength(2);
  });

  test('beyond the last place takes that of the one who has had it longest', async () => {
    const { tcpPort, doors, clock, logged, ends } = await strangeDoors({ strangersMax: 2 });
    const oldest = await enter(tcpPort);
    await ends.take();
    clock.advanceBy(1);
    await enter(tcpPort);
    await ends.take();
    clock.advanceBy(strangerGraceMs);
    await enter(tcpPort);
    await ends.take('the one who came last');
    await oldest.closed;
    expect(doors.strangers.count).toBe(2);
    expect(logged).toMatchObject([{ level: 'warn', strangersMax: 2, dropped: 1 }]);
  });

  test('from a crowd is dropped before those of elsewhere', async () => {
    const { tcpPort, doors, clock, ends } = await strangeDoors({ strangersMax: 3 });
    const alone = await enter(tcpPort, '127.0.0.2');
    await ends.take();
    clock.advanceBy(1);
    const crowd = [await enter(tcpPort), await enter(tcpPort)];
    for (let i = 0; i < 2; i++) await ends.take();
    clock.advanceBy(strangerGraceMs);
    await enter(tcpPort);
    await ends.take();
    await crowd[0]!.closed;
    const other = await enter(tcpPort, '127.0.0.3');
    await ends.take();
    await alone.closed;
    expect(doors.strangers.count).toBe(3);
    expect(other.socket.destroyed).toBe(false);
  });

  test('that just came keeps its place, and who finds none is told so where there is a way', async () => {
    const { tcpPort, httpPort, doors, ends } = await strangeDoors({ strangersMax: 1 });
    await enter(tcpPort);
    await ends.take();
    expect(await (await enter(tcpPort)).closed).toBe('');
    expect(await (await enter(httpPort)).closed).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1.*try again in a moment/s);
    expect(doors.strangers.count).toBe(1);
  });
});

describe('a WebSocket', () => {
  test('that sends more than a handshake takes before it is open is closed with 1009', async () => {
    const { httpPort, ends } = await strangeDoors();
    const { socket, closed } = await enter(httpPort);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n');
    const end = await ends.take();
    // A message of 32 MiB is announced, and never ends.
    const announced = Buffer.from('82ff0000000002000000' + '00000000', 'hex');
    socket.write(Buffer.concat([announced, Buffer.alloc(strangerInputBytesMax)]));
    expect(await end.inbound.take()).toBe('failed');
    expect(await closed).toContain('too much before connection.open');
  });

  test('that has opened a connection may send as much as any', async () => {
    const { httpPort, ends } = await strangeDoors();
    const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}`);
    onTestFinished(() => webSocket.terminate());
    const end = await ends.take();
    await within('a WebSocket', once(webSocket, 'open'));
    webSocket.send(Buffer.alloc(strangerInputBytesMax / 2));
    await end.inbound.take();
    end.link.opened!();
    webSocket.send(Buffer.alloc(4 * strangerInputBytesMax));
    expect(await end.inbound.take()).toHaveLength(4 * strangerInputBytesMax);
  });
});

test('strangers of a gateway are let go by a login, and have no publisher wait', async () => {
  const gateway = await startGateway({ ports: { amqp: 0, http: 0 }, hosts: ['127.0.0.1'], strangersMax: 1 });
  onTestFinished(() => gateway.stop());
  const connections = [];
  // Each leaves the one place to the next.
  for (let i = 0; i < 3; i++) connections.push(await connectAmqp(`amqp://127.0.0.1:${gateway.ports.amqp}`));
  expect(gateway.broker.connectionCount).toBe(3);
  await Promise.all(connections.map((connection) => connection.close()));
});
