/** Peers that are no broker, over real sockets: one clear error each, and nothing left behind. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { firstValueFrom, materialize, tap, toArray } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import {
  createConnect, hostClock, nodeDial, type Clock, type Connection, type ConnectOptions,
  type ConnectTarget,
} from '../../node/client.ts';
import { BufferPool } from '../../core/index.ts';
import { startGateway } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { startRelay } from './real/relay.ts';

/** The clock of the machine, which counts its timers that are running. */
class CountingClock implements Clock {
  readonly #host = hostClock({ defer: (run) => void setImmediate(run) });
  readonly #running = new Set<object>();

  get running(): number {
    return this.#running.size;
  }

  now(): number {
    return this.#host.now();
  }

  wall(): number {
    return this.#host.wall();
  }

  defer(run: () => void): void {
    this.#host.defer(run);
  }

  setTimer(delayMs: number, run: () => void): () => void {
    const timer = {};
    this.#running.add(timer);
    const stop = this.#host.setTimer(delayMs, () => {
      this.#running.delete(timer);
      run();
    });
    return () => {
      this.#running.delete(timer);
      stop();
    };
  }
}

/** The port of a server on loopback. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A peer that answers the first chunk with these octets, and neither says nor hears more. */
const saying = (octets: Uint8Array): Server => createServer({ allowHalfOpen: true }, (socket) => {
  socket.once('data', () => socket.write(octets));
});

/** The sockets that anything in this process opens during a test. */
function openedSockets(): Socket[] {
  const sockets: Socket[] = [];
  const add = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', add);
  onTestFinished(() => void unsubscribe('net.client.socket', add));
  return sockets;
}

/**
 * Connects until that fails. Tells the error, which must come alone, after `connection` where it
 * was open before, and leave neither a timer nor a socket behind.
 */
async function failure(target: ConnectTarget, connected?: (connection: Connection) => void): Promise<Error> {
  const clock = new CountingClock();
  const sockets = openedSockets();
  const pool = new BufferPool();
  const connect = createConnect(nodeDial({ clock, pool }), { clock, pool });
  const connecting$ = connect(target).pipe(
    tap(connected ?? (() => expect.unreachable('it is open'))), materialize(), toArray(),
  );
  const told = await within('the attempt to fail', firstValueFrom(connecting$));
  expect(told.map(({ kind }) => kind)).toEqual(connected === undefined ? ['E'] : ['N', 'E']);
  for (const socket of sockets) {
    // Less than a transport lingers for a peer that does not hang up.
    if (!socket.closed) await within('the end of the socket', once(socket, 'close'));
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.running, 'timers left behind').toBe(0);
  return (told.at(-1) as { error: Error }).error;
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const frame = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

test.each<[string, () => Server, ConnectOptions, RegExp]>([
  ['HTTP', () => createHttpServer(), {}, /the peer speaks HTTP and not AMQP/],
  ['AMQP 1.0', () => saying(latin1('AMQP\x00\x01\x00\x00')), {}, /speaks AMQP 1\.0\.0 and not AMQP 0-9-1/],
  ['TLS', () => saying(frame(0x15, 3, 3, 0, 2, 2, 70)), {}, /the peer speaks TLS: the scheme for it is amqps/],
  ['SMTP', () => saying(latin1('220 mail.example ESMTP\r\n')), {}, /it began with '220 mail'/],
  ['nothing at all', () => saying(frame()), { connectTimeoutMs: 50 }, /did not open within 50 ms/],
  ['half a frame, and no more', () => saying(frame(1, 0, 0, 0)), { connectTimeoutMs: 50 }, /did not open within 50 ms/],
  ['a frame larger than any may be', () => saying(frame(1, 0, 0, 0x7f, 0xff, 0xff, 0xff)), {}, /501 FRAME_ERROR/],
  ['frames that are none', () => saying(frame(1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 99, 0)), {}, /501 FRAME_ERROR/],
  ['a method too early', () => saying(frame(1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 41, 0xce)), {}, /by the client: 50\d/],
  ['goodbye at once', () => createServer((socket) => socket.end()), {}, /before it said a word/],
  ['by a reset', () => createServer((socket) => socket.resetAndDestroy()), {}, /the other side dropped the connection/],
])('a peer that speaks %s', async (_what, make, options, text) => {
  const port = await listen(make());
  const error = await failure({ url: `amqp://127.0.0.1:${port}`, ...options });
  expect(error).toMatchObject({ scope: 'connection' });
  expect(error.message).toMatch(text);
});

test('a peer that does not speak TLS where it should', async () => {
  const port = await listen(saying(latin1('AMQP\x00\x00\x09\x01')));
  const error = await failure(`amqps://127.0.0.1:${port}`);
  expect(error).toMatchObject({ name: 'DialError', scope: 'connection' });
  expect(error.message).toMatch(/does not speak TLS/);
});

test('a port where nobody listens, and a host that is not there', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const refused = await failure(`amqp://127.0.0.1:${port}`);
  expect(refused.message).toMatch(/nothing listens there \(ECONNREFUSED\)/);
  expect(await failure('amqp://nowhere.invalid')).toMatchObject({ name: 'DialError' });
});

test.each<[string, ConnectOptions, number]>([
  ['a refused login', { user: 'guest', password: 'wrong' }, 403],
  ['a virtual host that is not there', { vhost: 'nowhere' }, 530],
])('%s', async (_what, options, replyCode) => {
  const { ports, stop } = await startGateway({ ports: { amqp: 0, http: 0 } });
  onTestFinished(stop);
  const urls = [`amqp://127.0.0.1:${ports.amqp}`, `ws://127.0.0.1:${ports.http}/`];
  for (const url of urls) {
    expect(await failure({ url, ...options })).toMatchObject({ name: 'ReplyError', replyCode, by: 'broker' });
  }
});

test('a broker that falls silent', async () => {
  const { ports, stop } = await startGateway({ ports: { amqp: 0, http: 0 } });
  onTestFinished(stop);
  const relay = await startRelay('127.0.0.1', ports.amqp);
  const error = await failure(`amqp://127.0.0.1:${relay.port}?heartbeat=1`, () => relay.setDeaf(true));
  expect(error).toMatchObject({ name: 'LostError', scope: 'connection' });
  expect(error.message).toMatch(/missed heartbeats/);
});
