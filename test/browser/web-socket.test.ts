/** TabWebSocket and Chromium's own WebSocket are held to the same observations. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../../node/index.ts';
import { bundle } from './bundle.ts';
import { hasChromium } from './chromium.ts';
import { usePage } from './page.ts';

const file = fileURLToPath(new URL('page/web-socket.ts', import.meta.url));

const states = [0, 1, 2, 3];
const failed = { events: ['error 3', 'close 3'], code: 1006, reason: '', wasClean: false, now: 3 };
const lost = { ...failed, events: ['close 3'] };
const clean = { events: ['close 3'], code: 1005, reason: '', wasClean: true, now: 3 };
const binaryOnly = { ...clean, code: 1003, reason: 'AMQP is binary' };

/** What the standard says, and Chromium does. */
const expected: Record<string, unknown> = {
  constants: [states, states, states],
  beginning: {
    readyState: 0, bufferedAmount: 0, protocol: '', extensions: '', binaryType: 'blob',
    handlers: [null, null, null, null], isInstance: true, isTarget: true,
  },
  url: ['<url>/', '<url>/a%20b?c=d', '<url>/', '<url>/'],
  badArguments: {
    relativeScheme: 'DOMException SyntaxError',
    nothing: 'TypeError TypeError',
    noUrl: 'DOMException SyntaxError',
    fragment: 'DOMException SyntaxError',
    emptyProtocol: 'DOMException SyntaxError',
    noToken: 'DOMException SyntaxError',
    twice: 'DOMException SyntaxError',
    withoutNew: 'TypeError TypeError',
  },
  protocols: ['', 'amqp', 'AMQPish'],
  unknownProtocol: failed,
  earlySend: { early: 'DOMException InvalidStateError', late: 'nothing' },
  sendView: 'an answer',
  sendBuffer: 'an answer',
  sendPart: 'an answer',
  sendPieces: 'an answer',
  sendBlobs: 'an answer',
  sendReused: 'an answer',
  blob: { kind: '[object Blob]', type: '', start: [1, 0, 0], origin: true },
  binaryType: ['arraybuffer', 'arraybuffer', 'blob'],
  bufferedAmount: { first: 4, both: 8, rest: 0, afterEnd: 16 },
  text: binaryOnly,
  something: binaryOnly,
  badHeader: { ...clean, events: ['message 1', 'close 3'], code: 1000 },
  close: [[2], clean],
  closeWithCode: { ...clean, code: 3001, reason: 'bye ✓' },
  closeEarly: failed,
  closeAfterSend: { ...clean, code: 1000 },
  badClose: [
    [...Array(3).fill('DOMException InvalidAccessError'), 'DOMException SyntaxError'],
    { ...clean, code: 4999, reason: 'x'.repeat(123) },
  ],
  handlers: { calls: ['open true true', 'listener'], odd: ['object', 'object', 'object'], onclose: null },
  tag: '[object WebSocket]',
};

/** What it is made of and what it makes of odd arguments is that of the browser's own, whatever that may be. */
const shapes = [
  'sendNothing', 'sendOdd', 'sendDetached', 'closeOdd', 'keys', 'members', 'tagMember', 'statics', 'chain', 'wrongThis',
  'readOnly', 'protocolArguments', 'urlArguments', 'subclass', 'oldSubclass', 'messageEvent', 'closeEvent',
  'throwingHandler', 'handlerObjects', 'binaryTypes',
];
const all = [...shapes, ...Object.keys(expected)];

/** Relays to a port, and is cut by a request for `/cut`: no closing handshake of any kind. */
async function cuttable(port: number): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => sockets.delete(end));
    }
    socket.on('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('GET /cut')) upstream.write(chunk);
      else for (const each of sockets) each.destroy();
    });
    upstream.pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

describe.runIf(hasChromium())('a WebSocket', () => {
  let gateway: Gateway;
  let relay: Server;
  let nobody: number;
  const page = usePage(() => bundle({ file }));

  beforeAll(async () => {
    gateway = await startGateway({ ports: { amqp: 0, http: 0 } });
    relay = await cuttable(gateway.ports.http!);
    const closed = await cuttable(0);
    nobody = portOf(closed);
    closed.close();
    await page.call('install');
  });
  afterAll(async () => {
    relay.close();
    await gateway.stop();
  });

  const places = [
    ['of the tab', () => 'ws://broker.tab/', () => 'ws://broker.tab/', () => 'ws://nobody.tab/'],
    [
      'of the browser', () => `ws://127.0.0.1:${gateway.ports.http}/`, () => `ws://127.0.0.1:${portOf(relay)}/`,
      () => `ws://127.0.0.1:${nobody}/`,
    ],
  ] as const;

  describe.each(places)('%s', (_place, url, cuttableUrl, nobodyUrl) => {
    test.each(Object.keys(expected))('does as the standard says: %s', async (name) => {
      expect(await page.call('observe', name, url())).toEqual(expected[name]);
    });

    test('tells of a connection that is lost', async () => {
      expect(await page.call('loss', cuttableUrl())).toEqual(lost);
    });

    test('tells of a connection that cannot be made', async () => {
      expect(await page.call('failure', nobodyUrl())).toEqual(failed);
    });
  });

  test('makes no observation that is not expected', async () => {
    expect(await page.call('names')).toEqual(all);
  });

  test.each(all)('of the tab agrees with that of the browser: %s', async (name) => {
    const native = await page.call('observeNative', name, `ws://127.0.0.1:${gateway.ports.http}/`);
    expect(await page.call('observe', name, 'ws://broker.tab/')).toEqual(native);
  });

  // What reaches the network is wholly the browser's, its prototype included.
  test.each(shapes.filter((name) => name !== 'chain'))('of the browser stays as it is: %s', async (name) => {
    const url = `ws://127.0.0.1:${gateway.ports.http}/`;
    expect(await page.call('observe', name, url)).toEqual(await page.call('observeNative', name, url));
  });

  test('is taken away in any order', async () => {
    expect(await page.call('takenAwayInAnyOrder')).toEqual([
      [2, 2, 2, true], [2, 1, 0, true], [2, 2, 2, true], [2, 2, 1, true], [2, 1, 1, true], [2, 2, 0, true],
    ]);
  });

  test('is installed two thousand times', async () => {
    expect(await page.call('installedOften', 2000)).toEqual({ shape: [0, true, true], after: [3, true] });
  });

  test('leaves nothing behind in the broker of the page', async () => {
    expect(await page.call('openConnections')).toBe(0);
  });
});
