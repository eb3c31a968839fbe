/** How the client of Node reaches a broker, and what it says where it does not. */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions as ServerOptions } from 'node:tls';
import { NEVER, Observable, firstValueFrom, materialize, toArray } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DialError, type Endpoint } from '../../core/client/dial.ts';
import { LostError } from '../../core/client/errors.ts';
import { BufferPool, servePort, type Serve } from '../../core/index.ts';
import { nodeDial } from '../../node/dial.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { startGateway } from '../../node/index.ts';
import { Inbox, within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from './certificate.ts';
import { echo, held, openDoors } from './doors.ts';
import { freePort } from '../support/free-port.ts';

const env = { clock: nodeClock(), pool: new BufferPool() };
const dial = nodeDial(env);

function endpoint(over: Partial<Endpoint>): Endpoint {
  return { scheme: 'amqp', host: '127.0.0.1', port: 0, path: '', connectTimeoutMs: 5000, ...over };
}

/** Sends a greeting, waits for so many octets of the answer, and ends in order. */
async function greet(over: Partial<Endpoint>, greeting = Buffer.from('hello'), count = 5): Promise<string> {
  let received = '';
  const serve: Serve = (inbound) => new Observable((outbound) => {
    const subscription = inbound.subscribe((chunk) => {
      received += Buffer.from(chunk).toString();
      if (received.length >= count) outbound.complete();
    });
    outbound.next(greeting);
    return subscription;
  });
  await within('the link to end', firstValueFrom(dial(endpoint(over), serve).pipe(toArray())));
  return received.slice(0, count);
}

/** The error of a dial that fails before it serves anything. */
async function refusal(over: Partial<Endpoint>): Promise<DialError> {
  const serve: Serve = () => expect.unreachable('there is nothing to serve');
  const result = firstValueFrom(dial(endpoint(over), serve).pipe(materialize()));
  const notification = await within('the dial to fail', result);
  const error: unknown = notification.kind === 'E' ? notification.error : undefined;
  expect(error).toBeInstanceOf(DialError);
  return error as DialError;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('dials', () => {
  test('TCP', async () => {
    const { tcpPort } = await openDoors(echo);
    expect(await greet({ port: tcpPort })).toBe('hello');
  });

  test('WebSocket', async () => {
    const { httpPort } = await openDoors(echo);
    expect(await greet({ scheme: 'ws', port: httpPort, path: '/ws/amqp?x=y' })).toBe('hello');
  });

  test('a MessagePort', async () => {
    const { port1, port2 } = new MessageChannel();
    const served = servePort(port2, echo, env).subscribe();
    onTestFinished(() => served.unsubscribe());
    expect(await greet({ scheme: 'port', messagePort: port1 })).toBe('hello');
  });

  test('and unsubscribing drops the transport', async () => {
    const { serve, ends } = held();
    const { tcpPort, httpPort } = await openDoors(serve);
    const places = [{ port: tcpPort }, { scheme: 'ws', port: httpPort, path: '/' }] as const;
    for (const place of places) {
      const link = dial(endpoint(place), () => NEVER).subscribe();
      const { inbound } = await ends.take();
      link.unsubscribe();
      expect(['completed', 'failed']).toContain(await inbound.take());
    }
  });

  test('and unsubscribing before it is open leaves nothing', async () => {
    const sockets = new Inbox<Socket>();
    const port = await listening(createServer(sockets.put));
    for (const scheme of ['amqps', 'ws', 'wss'] as const) {
      const link = dial(endpoint({ scheme, port, path: '/' }), echo).subscribe();
      const socket = await sockets.take('a socket that is never answered');
      const closed = once(socket.resume(), 'close');
      link.unsubscribe();
      await within('the socket to close', closed);
    }
  });

  test('and a lost connection is told in words', async () => {
    const port = await listening(createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    }));
    const losses = new Inbox<unknown>();
    const serve: Serve = (inbound) => new Observable((outbound) => {
      inbound.subscribe({ error: losses.put });
      outbound.next(Buffer.from('hello'));
    });
    dial(endpoint({ port }), serve).subscribe();
    const loss = await losses.take('the loss');
    expect(loss).toBeInstanceOf(LostError);
    expect((loss as LostError).message).toBe(
      `Lost the connection to amqp://127.0.0.1:${port}: the other side dropped the connection (ECONNRESET).`,
    );
  });
});

describe('says in one sentence that', () => {
  test('nothing listens', async () => {
    const port = await freePort();
    for (const scheme of ['amqp', 'amqps'] as const) {
      const { message } = await refusal({ scheme, port });
      expect(message).toBe(
        `Cannot connect to ${scheme}://127.0.0.1:${port}: nothing listens there (ECONNREFUSED).`,
      );
    }
    const { message } = await refusal({ scheme: 'ws', host: 'localhost', port, path: '/ws/amqp' });
    expect(message).toBe(
      `Cannot connect to ws://localhost:${port}/ws/amqp: nothing listens there (ECONNREFUSED).`,
    );
  });

  test('the host is unknown', async () => {
    const { message } = await refusal({ host: 'nowhere.invalid', port: 5672 });
    expect(message).toMatch(
      /^Cannot connect to amqp:\/\/nowhere\.invalid:5672: .* \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    );
  });

  test('a peer does not speak TLS', async () => {
    const amqp = await listening(createServer((socket) => {
      socket.once('data', () => socket.end('AMQP\0\0\x09\x01'));
    }));
    const silent = await listening(createServer((socket) => {
      socket.once('data', () => socket.end());
    }));
    for (const port of [amqp, silent]) {
      const { message } = await refusal({ scheme: 'amqps', port });
      expect(message).toMatch(/^Cannot connect to amqps:\/\/127\.0\.0\.1:\d+: .*not speak TLS \([A-Z_]+\)\.$/);
    }
  });

  test('a peer does not speak HTTP, or no WebSocket', async () => {
    const amqp = await listening(createServer((socket) => {
      socket.once('data', () => socket.end('AMQP\0\0\x09\x01'));
    }));
    const { message } = await refusal({ scheme: 'ws', port: amqp, path: '/' });
    expect(message).toMatch(/: it does not speak HTTP, and so no WebSocket \(HPE_\w+\)\.$/);
    const http = await listening(createHttpServer((_request, response) => {
      response.writeHead(404).end();
    }));
    const plain = await refusal({ scheme: 'ws', port: http, path: '/' });
    expect(plain.message).toBe(
      `Cannot connect to ws://127.0.0.1:${http}/: it answers HTTP status 404 and no WebSocket.`,
    );
  });
});

describe.runIf(canMakeCertificates)('TLS', () => {
  const certificates = useCertificates();

  async function tlsPort(options: ServerOptions = {}): Promise<number> {
    const { server } = certificates;
    const all = { cert: server.pem, key: server.keyPem, ...options };
    // A client that is refused leaves its side broken: the server need not end with it.
    return listening(createTlsServer(all, (socket) => socket.on('error', () => {}).pipe(socket)));
  }

  test('is made with an authority, given as bytes, as text or as a file', async () => {
    const port = await tlsPort();
    const { pem, certificate } = certificates.authority;
    for (const tls of [{ ca: pem }, { ca: [String(pem)] }, { caFile: certificate }]) {
      expect(await greet({ scheme: 'amqps', host: 'localhost', port, tls })).toBe('hello');
    }
    const elsewhere = { ca: pem, servername: 'localhost' };
    expect(await greet({ scheme: 'amqps', port, tls: elsewhere })).toBe('hello');
    expect(await greet({ scheme: 'amqps', port, tls: { rejectUnauthorized: false } })).toBe('hello');
  });

  test('carries AMQP and WebSocket', async () => {
    const { ports, stop } = await startGateway({
      ports: { amqp: 0, http: 0, amqps: 0, https: 0 }, tls: certificates.server,
    });
    onTestFinished(stop);
    const tls = { ca: certificates.authority.pem };
    const place = { host: 'localhost', path: '/ws/amqp', tls };
    for (const way of [{ scheme: 'wss', port: ports.https! }, { scheme: 'amqps', port: ports.amqps! }] as const) {
      const answer = await greet({ ...place, ...way }, Buffer.from('AMQP\0\0\x09\x01', 'latin1'), 3);
      expect(answer).toBe('\x01\0\0');
    }
  });

  test('shows a certificate of the client, even one that is locked by a passphrase', async () => {
    const { authority, client } = certificates;
    const port = await tlsPort({ ca: authority.pem, requestCert: true, rejectUnauthorized: true });
    const own = { ca: authority.pem, cert: client.pem, key: client.keyPem };
    expect(await greet({ scheme: 'amqps', port, tls: own })).toBe('hello');
    const locked = createPrivateKey(client.keyPem).export({
      type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame',
    });
    const unlocked = { ...own, key: locked, passphrase: 'sesame' };
    expect(await greet({ scheme: 'amqps', port, tls: unlocked })).toBe('hello');
    const { message } = await refusal({ scheme: 'amqps', port, tls: { ...unlocked, passphrase: 'x' } });
    expect(message).toContain('the passphrase does not open the private key');
  });

  test('that asks for a certificate of the client says so', async () => {
    const { authority } = certificates;
    const port = await tlsPort({ ca: authority.pem, requestCert: true, rejectUnauthorized: true });
    const losses = new Inbox<unknown>();
    const serve: Serve = (inbound) => new Observable((outbound) => {
      inbound.subscribe({ error: losses.put });
      outbound.next(Buffer.from('hello'));
    });
    dial(endpoint({ scheme: 'amqps', port, tls: { ca: authority.pem } }), serve).subscribe();
    expect(String(await losses.take('the loss'))).toContain('it asks for a certificate of this client');
  });

  test.each<[string, Partial<Endpoint>, RegExp]>([
    ['is signed by a stranger', {}, /signed by nobody who is trusted here; name the authority in tls\.ca/],
    ['is for another name', { tls: { servername: 'other.example' } }, /made for another name/],
  ])('is refused where the certificate %s', async (_what, over, reason) => {
    const { authority } = certificates;
    const port = await tlsPort();
    const tls = over.tls === undefined ? {} : { tls: { ...over.tls, ca: authority.pem } };
    for (const scheme of ['amqps', 'wss'] as const) {
      const { message } = await refusal({ scheme, host: 'localhost', port, path: '/', ...tls });
      expect(message).toMatch(new RegExp(`^Cannot connect to ${scheme}://localhost:${port}.*${reason.source}`));
    }
  });

  test.each([
    ['a file that is not there', { caFile: '/nowhere/ca.pem' }, 'is not there (ENOENT)'],
    ['a key that is none', { cert: 'x', key: 'y' }, 'is not in PEM form'],
  ])('is refused with %s', async (_what, tls, reason) => {
    expect((await refusal({ scheme: 'amqps', port: 1, tls })).message).toContain(reason);
  });
});
