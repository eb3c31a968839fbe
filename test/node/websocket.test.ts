/** AMQP over WebSocket, row by row of what clients of RabbitMQ's and LavinMQ's relays expect. */
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, type ClientOptions, type RawData } from 'ws';
import { limits } from '../../core/index.ts';
import { HostRule } from '../../node/host-rule.ts';
import { nodeLimits } from '../../node/limits.ts';
import { within } from '../clients/waiting.ts';
import { tcpClient } from './client.ts';
import { echo, held, openDoors, type HeldEnd, type OpenDoors } from './doors.ts';

interface OpenOptions extends ClientOptions {
  readonly path?: string;
  readonly protocols?: string[];
}

async function open({ httpPort }: OpenDoors, options: OpenOptions = {}): Promise<WebSocket> {
  const { path = '/ws/amqp', protocols = [], ...rest } = options;
  const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}${path}`, protocols, rest);
  onTestFinished(() => webSocket.terminate());
  await within('a WebSocket', once(webSocket, 'open'));
  return webSocket;
}

async function accepted(options: OpenOptions = {}): Promise<{ webSocket: WebSocket; end: HeldEnd }> {
  const { serve, ends } = held();
  const webSocket = await open(await openDoors(serve), options);
  return { webSocket, end: await ends.take('the accepted WebSocket') };
}

async function closeOf(webSocket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = await within('the WebSocket to close', once(webSocket, 'close'));
  return { code, reason: String(reason) };
}

/** The answer to a handshake, written by hand; `undefined` leaves a header out. */
async function handshake(
  { httpPort }: OpenDoors,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const all: Record<string, string | undefined> = {
    'Upgrade': 'websocket', 'Connection': 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13', ...headers,
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const sent = request({ host: '127.0.0.1', port: httpPort, path: '/ws/amqp', headers: present as {} });
  sent.end();
  onTestFinished(() => void sent.destroy());
  const answer = Promise.race([once(sent, 'response'), once(sent, 'upgrade')]);
  const [response] = (await within('an answer', answer)) as [IncomingMessage];
  return { status: response.statusCode!, headers: response.headers };
}

const statusOf = async (doors: OpenDoors, headers: Record<string, string | undefined>): Promise<number> => {
  return (await handshake(doors, headers)).status;
};

describe('the handshake', () => {
  test.each(['/', '/ws/amqp', '/ws/', '/amqp?vhost=x', '/anything/at/all'])('works at %s [WSK-05]', async (path) => {
    const { webSocket, end } = await accepted({ path });
    expect(webSocket.protocol).toBe('');
    expect(end.link.peer.transport).toBe('websocket');
  });

  test.each([
    [['amqp'], 'amqp'],
    [['amqpish'], 'amqpish'],
    [['AMQP'], 'AMQP'],
    [['mqtt', 'amqp-0-9-1', 'amqp'], 'amqp-0-9-1'],
  ])('of %j takes %s [WSK-05]', async (protocols, taken) => {
    const { webSocket } = await accepted({ protocols });
    expect(webSocket.protocol).toBe(taken);
  });

  test('names no subprotocol where none is offered or none fits [WSK-05, WSK-08]', async () => {
    const doors = await openDoors(echo);
    for (const offered of [undefined, 'mqtt', 'stomp, mqtt']) {
      const { status, headers } = await handshake(doors, { 'Sec-WebSocket-Protocol': offered });
      expect(status).toBe(101);
      expect(headers).not.toHaveProperty('sec-websocket-protocol');
    }
  });

  test.each(['8', '12', '14', 'x', undefined])('of version %s is answered 426 [WSK-06]', async (version) => {
    const answer = await handshake(await openDoors(echo), { 'Sec-WebSocket-Version': version });
    expect(answer.status).toBe(426);
    expect(answer.headers['sec-websocket-version']).toBe('13');
  });

  test.each([undefined, '', 'short'])('with the key %s is answered 400 [WSK-06]', async (key) => {
    expect(await statusOf(await openDoors(echo), { 'Sec-WebSocket-Key': key })).toBe(400);
  });

  test('compresses nothing, though it is offered [WSK-13]', async () => {
    const { webSocket } = await accepted({ perMessageDeflate: true });
    expect(webSocket.extensions).toBe('');
  });
});

describe('a page that wants to connect [WSK-13]', () => {
  const own = 'http://shop.example';

  test.each<[string | undefined, string | undefined, string[], number]>([
    // Origin, Host, allowed origins, status.
    [undefined, 'broker.example:15672', [], 101],
    ['https://broker.example', 'broker.example:15672', [], 101],
    ['http://broker.example:8080', 'BROKER.example', [], 101],
    ['http://localhost:5173', 'broker.example', [], 101],
    ['http://app.localhost', 'broker.example', [], 101],
    ['http://127.0.0.1:3000', 'broker.example', [], 101],
    ['http://127.8.9.1', 'broker.example', [], 101],
    ['http://[::1]:3000', 'broker.example', [], 101],
    ['http://[2001:db8::1]', '[2001:db8::1]:15672', [], 101],
    [own, 'broker.example', [], 403],
    [own, undefined, [], 403],
    ['http://localhost.evil.example', 'broker.example', [], 403],
    ['http://127.0.0.1.evil.example', 'broker.example', [], 403],
    ['http://evil-broker.example', 'broker.example', [], 403],
    ['http://broker.example.evil', 'broker.example', [], 403],
    ['null', 'broker.example', [], 403],
    ['', 'broker.example', [], 403],
    ['not a url', 'broker.example', [], 403],
    [own, 'broker.example', ['*'], 101],
    ['null', 'broker.example', ['null'], 101],
    [own, 'broker.example', [own], 101],
    [own, 'broker.example', ['HTTP://Shop.Example/'], 101],
    [own, 'broker.example', ['https://shop.example'], 403],
    [`${own}:81`, 'broker.example', [own], 403],
  ])('from %s at %s, with %j allowed, gets %i', async (origin, host, allowed, status) => {
    const doors = await openDoors(echo, { allowedOrigins: allowed, allowedHosts: ['*'] });
    expect(await statusOf(doors, { Origin: origin, ...(host !== undefined && { Host: host }) })).toBe(status);
  });
});

describe('a host that a client on this machine asks for', () => {
  test.each<[string, string[], number]>([
    ['localhost:15672', [], 101],
    ['127.0.0.1', [], 101],
    ['[::1]:15672', [], 101],
    ['Tab.LocalHost', [], 101],
    ['evil.example:15672', [], 421],
    ['localhost.evil.example', [], 421],
    ['127.0.0.1.evil.example', [], 421],
    ['10.0.0.1:15672', [], 421],
    ['not a host', [], 421],
    ['broker.example:443', ['broker.example'], 101],
    ['Broker.Example', ['BROKER.example'], 101],
    ['other.example', ['broker.example'], 421],
    ['sub.broker.example', ['broker.example'], 421],
    ['[2001:DB8::1]', ['[2001:db8::1]'], 101],
    ['anything.example', ['*'], 101],
  ])('as %j, with %j allowed, gets %i, and a page of its own name too', async (host, allowed, status) => {
    const doors = await openDoors(echo, { allowedHosts: allowed });
    expect(await statusOf(doors, { Host: host })).toBe(status);
    const same = await handshake(doors, { Host: host, Upgrade: undefined, Connection: 'close' });
    expect(same.status).toBe(status === 101 ? 404 : 421);
    if (status === 421) expect(await statusOf(doors, { Host: host, Origin: `http://${host}` })).toBe(421);
  });

  test('is said why it gets nothing', async () => {
    const { httpPort } = await openDoors(echo);
    for (const headers of [{}, { Upgrade: 'websocket', Connection: 'Upgrade' }]) {
      const sent = request({ port: httpPort, headers: { Host: 'evil.example', ...headers } }).end();
      const [response] = await within('an answer', once(sent, 'response'));
      expect(response.statusCode).toBe(421);
      expect(await text(response)).toContain('--allow-host');
    }
  });

  test('is not asked for by clients of elsewhere', () => {
    const rule = new HostRule();
    expect(rule.allows('192.0.2.1', 'broker.example')).toBe(true);
    expect(rule.allows('127.0.0.1', undefined)).toBe(true);
    expect(rule.allows('127.0.0.1', 'broker.example')).toBe(false);
  });
});

describe('messages', () => {
  test('are a stream of bytes on the way in, whatever their bounds [WSK-10, WSK-13]', async () => {
    const { webSocket, end } = await accepted();
    for (const part of ['A', 'MQ', '', 'P\0\0']) webSocket.send(Buffer.from(part));
    webSocket.send(Buffer.from('\x09'), { fin: false });
    webSocket.send(Buffer.from('\x01'), { fin: true });
    let text = '';
    while (text.length < 8) text += Buffer.from((await end.inbound.take()) as Uint8Array).toString('latin1');
    expect(text).toBe('AMQP\0\0\x09\x01');
  });

  test('are binary and one for each chunk on the way out [WSK-09, WSK-13]', async () => {
    const { webSocket, end } = await accepted();
    const messages: [string, boolean][] = [];
    webSocket.on('message', (data: RawData, isBinary) => messages.push([String(data), isBinary]));
    const closed = closeOf(webSocket);
    for (const chunk of ['one', 'two', 'three']) end.outbound.next(Buffer.from(chunk));
    end.outbound.complete();
    await closed;
    expect(messages).toEqual([['one', true], ['two', true], ['three', true]]);
  });

  test('of text close it with 1003 and end the connection [WSK-03, WSK-13]', async () => {
    const { webSocket, end } = await accepted();
    const closed = closeOf(webSocket);
    webSocket.send('AMQP');
    expect(await closed).toEqual({ code: 1003, reason: 'AMQP is binary' });
    expect(await end.inbound.take()).toBe('failed');
    await within('the outbound to be given up', end.unsubscribed);
  });

  test('may hold the largest publish in one piece [WSK-10]', async () => {
    const frames = Math.ceil(limits.messageBytesMax / (limits.frameBytesMin - 8)) + 2;
    const publishBytes = limits.messageBytesMax + frames * 8 + 2 * limits.frameBytesMax;
    expect(nodeLimits.webSocketMessageBytesMax).toBeGreaterThan(publishBytes);
    const { webSocket, end } = await accepted();
    webSocket.send(Buffer.alloc(publishBytes, 7));
    let bytes = 0;
    while (bytes < publishBytes) bytes += ((await end.inbound.take()) as Uint8Array).length;
    expect(bytes).toBe(publishBytes);
  });

  test('beyond any publish close it with 1009', async () => {
    const { webSocket, end } = await accepted();
    const closed = closeOf(webSocket);
    webSocket.send(Buffer.alloc(nodeLimits.webSocketMessageBytesMax + 1));
    expect((await closed).code).toBe(1009);
    expect(await end.inbound.take()).toBe('failed');
  });

  test('of nonsense end that WebSocket and no other', async () => {
    const { serve, ends } = held();
    const doors = await openDoors(serve);
    const bad = await open(doors);
    const badEnd = await ends.take();
    const good = await open(doors);
    const goodEnd = await ends.take();
    const { _socket: socket } = bad as unknown as { _socket: Socket };
    const closed = closeOf(bad);
    socket.write(Buffer.from('ffffffffffffffff', 'hex'));
    expect(await badEnd.inbound.take()).toBe('failed');
    expect((await closed).code).toBe(1002);
    good.send(Buffer.from('x'));
    expect(await goodEnd.inbound.take()).toHaveLength(1);
  });
});

describe('the end [WSK-12]', () => {
  test('of AMQP closes the WebSocket with 1000', async () => {
    const { webSocket, end } = await accepted();
    const closed = closeOf(webSocket);
    end.outbound.complete();
    expect(await closed).toEqual({ code: 1000, reason: '' });
    await within('the outbound to be given up', end.unsubscribed);
  });

  test('that a client makes with a close completes the inbound', async () => {
    for (const code of [undefined, 1000, 1001]) {
      const { webSocket, end } = await accepted();
      webSocket.close(code);
      expect(await end.inbound.take()).toBe('completed');
      await within('the outbound to be given up', end.unsubscribed);
    }
  });

  test('is clean for a browser', async () => {
    const { serve, ends } = held();
    const { httpPort } = await openDoors(serve);
    const webSocket = new WebSocket(`ws://127.0.0.1:${httpPort}/`);
    const closed = new Promise<{ wasClean: boolean; code: number }>((resolve) => {
      webSocket.addEventListener('close', resolve);
    });
    (await ends.take()).outbound.complete();
    expect(await within('the close event', closed)).toMatchObject({ wasClean: true, code: 1000 });
  });
});

describe('plain HTTP', () => {
  async function get({ httpPort }: OpenDoors, path: string, method = 'GET'): Promise<[number, string]> {
    const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, { method });
    return [response.status, await response.text()];
  }

  test('shows where clients connect', async () => {
    const doors = await openDoors(echo);
    const [status, page] = await get(doors, '/');
    expect(status).toBe(200);
    expect(page).toContain('TabMQ 1.2.3');
    expect(page).toContain(`amqp://127.0.0.1:${doors.tcpPort}`);
    expect(page).toContain(`ws://127.0.0.1:${doors.httpPort}/ws/amqp`);
  });

  test('tells a probe that it is well', async () => {
    const doors = await openDoors(echo);
    expect(await get(doors, '/health')).toEqual([200, 'ok']);
    expect(await get(doors, '/health?from=probe', 'HEAD')).toEqual([200, '']);
  });

  test('is what those get who offer HTTP/2 with their request', async () => {
    const doors = await openDoors(echo);
    const headers = { 'Upgrade': 'h2c', 'Connection': 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAAQ' };
    const sent = request({ host: '127.0.0.1', port: doors.httpPort, path: '/health', headers });
    sent.end();
    const [response] = (await within('an answer', once(sent, 'response'))) as [IncomingMessage];
    expect([response.statusCode, response.headers.connection, await text(response)]).toEqual([200, 'close', 'ok']);
  });

  test('has nothing else', async () => {
    const doors = await openDoors(echo);
    expect((await get(doors, '/ws/amqp'))[0]).toBe(404);
    expect((await get(doors, '/', 'POST'))[0]).toBe(405);
  });

  test('that is none does not disturb others', async () => {
    const doors = await openDoors(echo);
    const client = await tcpClient({ tcpPort: doors.httpPort });
    client.send(Buffer.from('AMQP\0\0\x09\x01\r\n\r\n'));
    expect((await client.received(12)).toString()).toBe('HTTP/1.1 400');
    expect(await get(doors, '/health')).toEqual([200, 'ok']);
  });
});
