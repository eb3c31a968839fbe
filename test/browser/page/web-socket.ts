/** What a WebSocket does, as plain data: the same observations of any that the global makes. */
import { filter, firstValueFrom, type Subscription } from 'rxjs';
import { Broker, BufferPool, hostClock, servePort } from 'tabmq';
import { installTabWebSocket } from 'tabmq/browser';
import { event, opened, thrown } from './web-socket-events.ts';
import { shapeObservations } from './web-socket-shape.ts';

const header = Uint8Array.of(65, 77, 81, 80, 0, 0, 9, 1);
/** Type and channel of the frame in which a broker answers to the header. */
const METHOD_ON_CHANNEL_0 = [1, 0, 0];

const env = { clock: hostClock(), pool: new BufferPool() };
const broker = new Broker(env);
const served: Subscription[] = [];

const native = globalThis.WebSocket;

/** From here on `ws://broker.tab` leads to a broker in this page, and `ws://nobody.tab` nowhere. */
export function install(): void {
  installTabWebSocket({
    dial({ hostname }) {
      if (hostname === 'nobody.tab') throw new Error('there is no such broker');
      const { port1, port2 } = new MessageChannel();
      served.push(servePort(port2, broker.serve, env).subscribe());
      return port1;
    },
  });
}

function closing({ code, reason, wasClean }: CloseEvent): unknown {
  return { code, reason, wasClean };
}

/** Names of all events that happen until the socket is closed. */
async function eventsUntilClosed(socket: WebSocket, ...closers: (() => void)[]): Promise<unknown> {
  const events: string[] = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, () => events.push(`${type} ${socket.readyState}`));
  }
  const closed = event<CloseEvent>(socket, 'close');
  for (const close of closers) close();
  return { events, ...(closing(await closed) as object), now: socket.readyState };
}

/** What the broker answers to the header, sent in this way. */
async function answerTo(url: string, send: (socket: WebSocket) => void): Promise<unknown> {
  const socket = await opened(url);
  const message = event<MessageEvent<ArrayBuffer>>(socket, 'message');
  send(socket);
  const { data } = await message;
  const start = [...new Uint8Array(data).subarray(0, 3)];
  const closed = event(socket, 'close');
  socket.close();
  await closed;
  return start.join() === METHOD_ON_CHANNEL_0.join() ? 'an answer' : start;
}

async function answerAsBlob(url: string): Promise<unknown> {
  const socket = await opened(url);
  socket.binaryType = 'blob';
  const message = event<MessageEvent<Blob>>(socket, 'message');
  socket.send(header);
  const { data, origin } = await message;
  const bytes = new Uint8Array(await data.arrayBuffer());
  const closed = event(socket, 'close');
  socket.close();
  await closed;
  return {
    kind: Object.prototype.toString.call(data), type: data.type, start: [...bytes.subarray(0, 3)],
    origin: origin === new URL(url).origin,
  };
}

const states = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const;

const observations: Record<string, (url: string) => unknown> = {
  ...shapeObservations,
  async constants(url) {
    const socket = await opened(url);
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return [WebSocket, WebSocket.prototype, socket].map((owner) => states.map((name) => owner[name]));
  },
  async beginning(url) {
    const socket = new WebSocket(url);
    const { readyState, bufferedAmount, protocol, extensions, binaryType } = socket;
    const handlers = [socket.onopen, socket.onmessage, socket.onerror, socket.onclose];
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return {
      readyState, bufferedAmount, protocol, extensions, binaryType, handlers,
      isInstance: socket instanceof WebSocket, isTarget: socket instanceof EventTarget,
    };
  },
  async url(url) {
    const bare = url.replace(/\/$/, '');
    const urls = [bare, `${bare}/a%20b?c=d`, new URL(url), bare.replace('ws:', 'HTTP:')].map((each) => {
      const socket = new WebSocket(each);
      socket.close();
      return socket.url.replace(bare, '<url>');
    });
    return urls;
  },
  badArguments: (url) => ({
    relativeScheme: thrown(() => new WebSocket('ftp://host/')),
    nothing: thrown(() => Reflect.construct(WebSocket, [])),
    noUrl: thrown(() => new WebSocket('ws://')),
    fragment: thrown(() => new WebSocket(`${url}#there`)),
    emptyProtocol: thrown(() => new WebSocket(url, '')),
    noToken: thrown(() => new WebSocket(url, 'a b')),
    twice: thrown(() => new WebSocket(url, ['amqp', 'amqp'])),
    withoutNew: thrown(() => Reflect.apply(WebSocket as unknown as () => void, undefined, [url])),
  }),
  async protocols(url) {
    const chosen = [];
    for (const offered of [undefined, 'amqp', ['mqtt', 'AMQPish', 'amqp']]) {
      const socket = await opened(url, offered);
      chosen.push(socket.protocol);
      const closed = event(socket, 'close');
      socket.close();
      await closed;
    }
    return chosen;
  },
  unknownProtocol: (url) => eventsUntilClosed(new WebSocket(url, ['mqtt', 'stomp'])),
  async earlySend(url) {
    const socket = new WebSocket(url);
    const early = thrown(() => socket.send(header));
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return { early, late: thrown(() => socket.send(header)) };
  },
  sendView: (url) => answerTo(url, (socket) => socket.send(header)),
  sendBuffer: (url) => answerTo(url, (socket) => socket.send(header.buffer)),
  sendPart: (url) => answerTo(url, (socket) => {
    const large = new Uint8Array(20);
    large.set(header, 5);
    socket.send(new DataView(large.buffer, 5, 8));
  }),
  sendPieces: (url) => answerTo(url, (socket) => {
    for (const byte of header) socket.send(Uint8Array.of(byte));
    socket.send(new ArrayBuffer(0));
  }),
  sendBlobs: (url) => answerTo(url, (socket) => {
    socket.send(new Blob([header.subarray(0, 3)]));
    socket.send(header.subarray(3, 5));
    socket.send(new Blob([header.subarray(5)]));
  }),
  sendReused: (url) => answerTo(url, (socket) => {
    const buffer = new Uint8Array(4);
    buffer.set(header.subarray(0, 4));
    socket.send(buffer);
    buffer.set(header.subarray(4));
    socket.send(buffer);
    buffer.fill(0);
  }),
  blob: answerAsBlob,
  binaryType(url) {
    const socket = new WebSocket(url);
    const seen = ['arraybuffer', 'text', 'blob'].map((value) => {
      socket.binaryType = value as BinaryType;
      return socket.binaryType;
    });
    socket.close();
    return seen;
  },
  async bufferedAmount(url) {
    const socket = await opened(url);
    const answered = event(socket, 'message');
    socket.send(header.subarray(0, 4));
    const first = socket.bufferedAmount;
    socket.send(new Blob([header.subarray(4)]));
    const both = socket.bufferedAmount;
    await answered;
    const rest = socket.bufferedAmount;
    const closed = event(socket, 'close');
    socket.close();
    socket.send(header);
    await closed;
    socket.send(header);
    return { first, both, rest, afterEnd: socket.bufferedAmount };
  },
  async text(url) {
    const socket = await opened(url);
    return eventsUntilClosed(socket, () => socket.send('AMQP'));
  },
  async something(url) {
    const socket = await opened(url);
    return eventsUntilClosed(socket, () => socket.send(12 as unknown as string));
  },
  async badHeader(url) {
    const socket = await opened(url);
    return eventsUntilClosed(socket, () => socket.send(new TextEncoder().encode('GET / HT')));
  },
  async close(url) {
    const socket = await opened(url);
    const states: number[] = [];
    return [states, await eventsUntilClosed(socket, () => {
      socket.close();
      states.push(socket.readyState);
      socket.close();
    })];
  },
  async closeWithCode(url) {
    const socket = await opened(url);
    return eventsUntilClosed(socket, () => socket.close(3001, 'bye ✓'));
  },
  closeEarly: (url) => {
    const socket = new WebSocket(url);
    return eventsUntilClosed(socket, () => socket.close(), () => socket.close(1000));
  },
  async closeAfterSend(url) {
    const socket = await opened(url);
    return eventsUntilClosed(socket, () => socket.send(header), () => socket.close(1000));
  },
  async badClose(url) {
    const socket = await opened(url);
    const errors = [
      thrown(() => socket.close(1001)),
      thrown(() => socket.close(2999)),
      thrown(() => socket.close(5000)),
      thrown(() => socket.close(3000, '✓'.repeat(42))),
    ];
    return [errors, await eventsUntilClosed(socket, () => socket.close(4999, 'x'.repeat(123)))];
  },
  async handlers(url) {
    const calls: string[] = [];
    const socket = new WebSocket(url);
    const replaced = (): void => void calls.push('replaced');
    socket.onopen = replaced;
    socket.addEventListener('open', () => calls.push('listener'));
    socket.onopen = function onOpen({ type, target }) {
      calls.push(`${type} ${this === socket} ${target === socket}`);
    };
    socket.onclose = replaced;
    socket.onclose = null;
    const odd = [5, 'text', {}].map((value) => {
      socket.onerror = value as unknown as () => void;
      return typeof socket.onerror;
    });
    await event(socket, 'open');
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return { calls, odd, onclose: socket.onclose };
  },
  tag: (url) => {
    const socket = new WebSocket(url);
    socket.close();
    return Object.prototype.toString.call(socket);
  },
};

export const names = (): string[] => Object.keys(observations);

export async function observe(name: string, url: string): Promise<unknown> {
  return observations[name]!(url);
}

/** The same of the browser's own class, as if nothing had been installed. */
export async function observeNative(name: string, url: string): Promise<unknown> {
  const installed = globalThis.WebSocket;
  globalThis.WebSocket = native;
  try {
    return await observations[name]!(url);
  } finally {
    globalThis.WebSocket = installed;
  }
}

/** Which of several brokers a socket leads to while they are installed and taken away. */
export function takenAwayInAnyOrder(): unknown {
  const installed = globalThis.WebSocket;
  const results: unknown[] = [];
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0]]) {
    globalThis.WebSocket = native;
    const dialed: number[] = [];
    const uninstalls = [0, 1, 2].map((index) => installTabWebSocket({
      dial: () => {
        dialed.push(index);
        return new MessageChannel().port1;
      },
    }));
    const seen = order.map((index) => {
      new WebSocket('ws://broker.tab/').close();
      uninstalls[index]!();
      uninstalls[index]!();
      return dialed.at(-1);
    });
    results.push([...seen, globalThis.WebSocket === native]);
  }
  globalThis.WebSocket = installed;
  return results;
}

/** Installed so often, and what somebody else put in front of it meanwhile. */
export function installedOften(count: number): unknown {
  const installed = globalThis.WebSocket;
  globalThis.WebSocket = native;
  let dialed = 0;
  const dial = (): MessagePort => {
    dialed++;
    return new MessageChannel().port1;
  };
  const uninstalls = Array.from({ length: count }, () => installTabWebSocket({ dial }));
  const socket = new WebSocket('ws://broker.tab/');
  const shape = [socket.readyState, socket instanceof WebSocket, Object.keys(WebSocket.prototype).length > 0];
  socket.close();
  class Foreign extends WebSocket {}
  globalThis.WebSocket = Foreign;
  const last = installTabWebSocket({ dial });
  new WebSocket('ws://broker.tab/').close();
  for (const uninstall of uninstalls) uninstall();
  new WebSocket('ws://broker.tab/').close();
  last();
  const after = [dialed, globalThis.WebSocket === Foreign];
  globalThis.WebSocket = installed;
  return { shape, after };
}

/** A connection that is lost while it is open; whoever can cut it is told when. */
export async function loss(url: string): Promise<unknown> {
  const socket = await opened(url);
  const answered = event(socket, 'message');
  socket.send(header);
  await answered;
  return eventsUntilClosed(socket, () => {
    if (url.includes('.tab')) served.at(-1)!.unsubscribe();
    else void fetch(`${url.replace('ws:', 'http:')}cut`, { mode: 'no-cors' }).catch(() => {});
  });
}

/** A connection that cannot be made. */
export function failure(url: string): Promise<unknown> {
  return eventsUntilClosed(new WebSocket(url));
}

/** How many connections the broker of the page still has, once it has heard of all that ended. */
export async function openConnections(): Promise<number> {
  if (broker.connectionCount > 0) {
    await firstValueFrom(broker.events$.pipe(filter(() => broker.connectionCount === 0)));
  }
  return broker.connectionCount;
}
