/** More of what a WebSocket does, as plain data: what it is made of, and what it makes of odd arguments. */
import { event, opened, thrown } from './web-socket-events.ts';

type Observation = (url: string) => unknown;

/** What a call comes to where it succeeds, else the name of the error. */
function outcome(run: () => unknown): unknown {
  let value: unknown;
  const error = thrown(() => {
    value = run();
  });
  return error === 'nothing' ? String(value) : error;
}

/** Shared memory is had in this way without a page of its own process as well. */
function shared(): ArrayBufferLike {
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true } as WebAssembly.MemoryDescriptor).buffer;
}

const oddValues: Record<string, () => unknown> = {
  symbol: () => Symbol('x'),
  shared,
  sharedView: () => new Uint8Array(shared()),
  resizable: () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]),
  resizableView: () => new Uint8Array(Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]) as ArrayBuffer),
  throwing: () => ({
    toString() {
      throw new RangeError('mine');
    },
  }),
};

type Close = readonly [unknown?, unknown?];

const closes: Record<string, Close> = {
  nothing: [], undefined: [undefined], twoUndefined: [undefined, undefined], reasonAlone: [undefined, 'x'],
  emptyReasonAlone: [undefined, ''], longReasonAlone: [undefined, 'x'.repeat(124)], null: [null],
  text: ['3000'], notANumber: [NaN], fraction: [3000.5], smallFraction: [2999.6], huge: [1e9], negative: [-1],
  symbol: [Symbol('x')], bigInt: [BigInt(3000)], object: [{ valueOf: () => 3001 }], reasonNull: [3000, null],
  reasonUndefined: [3000, undefined], reasonSymbol: [3000, Symbol('x')], halfCharacter: [3000, '\ud800'],
  third: [3000, 'x', 'y'] as unknown as Close,
};

/** What closing comes to: the error, or code and reason of the event. */
async function closing(url: string, given: Close): Promise<unknown> {
  const socket = await opened(url);
  const closed = event<CloseEvent>(socket, 'close');
  const error = thrown(() => Reflect.apply(socket.close, socket, given));
  if (error !== 'nothing') socket.close();
  const { code, reason } = await closed;
  return error === 'nothing' ? [code, reason] : error;
}

function descriptorOf(owner: object, name: PropertyKey): unknown {
  const found = Object.getOwnPropertyDescriptor(owner, name);
  if (found === undefined) return 'none';
  const { enumerable, configurable, writable, get, set } = found;
  const value = found.value as { readonly length?: number; readonly name?: string } | undefined;
  return [
    enumerable, configurable, writable, typeof value, value?.length, value?.name, get?.name, get?.length, set?.name,
    set?.length,
  ].map((part) => part ?? '-').join(' ');
}

const offers: Record<string, unknown> = {
  undefined, empty: [], number: 5, null: null, object: {}, set: new Set(['a', 'b']), symbol: Symbol('x'),
  symbolInside: [Symbol('x')], noIterator: { [Symbol.iterator]: 5 }, nullIterator: { [Symbol.iterator]: null },
  cases: ['a', 'A'], twoNumbers: [1, 1],
};

const members = [
  'url', 'readyState', 'bufferedAmount', 'onopen', 'onerror', 'onclose', 'onmessage', 'extensions', 'protocol',
  'binaryType', 'close', 'send', 'CONNECTING', 'CLOSED', 'constructor',
];

export const shapeObservations: Record<string, Observation> = {
  async sendNothing(url) {
    const connecting = new WebSocket(url);
    const early = thrown(() => Reflect.apply(connecting.send, connecting, []));
    await event(connecting, 'open');
    const open = thrown(() => Reflect.apply(connecting.send, connecting, []));
    const closed = event(connecting, 'close');
    connecting.close();
    await closed;
    return { early, open, late: thrown(() => Reflect.apply(connecting.send, connecting, [])) };
  },
  async sendOdd(url) {
    const socket = await opened(url);
    const results = Object.entries(oddValues).map(([name, make]) =>
      [name, thrown(() => socket.send(make() as string)), socket.bufferedAmount]);
    const connecting = new WebSocket(url);
    const early = thrown(() => connecting.send(Symbol('x') as unknown as string));
    for (const each of [socket, connecting]) {
      const closed = event(each, 'close');
      each.close();
      await closed;
    }
    return { results, early };
  },
  async sendDetached(url) {
    const socket = await opened(url);
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    const results = [thrown(() => socket.send(buffer)), thrown(() => socket.send(new Uint8Array(buffer)))];
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return results;
  },
  async closeOdd(url) {
    const results: unknown[] = [];
    for (const [name, given] of Object.entries(closes)) results.push([name, await closing(url, given)]);
    return results;
  },
  async keys(url) {
    const socket = await opened(url);
    const all: string[] = [];
    for (const name in socket) all.push(name);
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return {
      all: all.filter((name) => !(name in EventTarget.prototype)),
      inherited: all.filter((name) => name in EventTarget.prototype).length > 0,
      ofPrototype: Object.keys(WebSocket.prototype), ofClass: Object.keys(WebSocket),
      own: Reflect.ownKeys(socket).length,
    };
  },
  members: () => members.map((name) => [name, descriptorOf(WebSocket.prototype, name)]),
  tagMember: () => Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag),
  statics: () => ['prototype', 'name', 'length', 'CONNECTING', 'CLOSED']
    .map((name) => [name, descriptorOf(WebSocket, name)]),
  chain: (url) => {
    const socket = new WebSocket(url);
    socket.close();
    return [
      Object.getPrototypeOf(WebSocket) === EventTarget,
      Object.getPrototypeOf(WebSocket.prototype) === EventTarget.prototype,
      Object.getPrototypeOf(socket) === WebSocket.prototype,
      socket.constructor === WebSocket, String(socket),
    ];
  },
  wrongThis: () => [
    thrown(() => WebSocket.prototype.url),
    thrown(() => WebSocket.prototype.send.call({} as WebSocket, 'x')),
    thrown(() => WebSocket.prototype.close.call(undefined as unknown as WebSocket)),
    thrown(() => void (WebSocket.prototype.onopen = () => {})),
    thrown(() => Object.getOwnPropertyDescriptor(WebSocket.prototype, 'readyState')!.get!.call({})),
  ],
  readOnly: (url) => {
    const socket = new WebSocket(url);
    socket.close();
    return ['url', 'readyState', 'protocol', 'OPEN'].map((name) =>
      thrown(() => void ((socket as unknown as Record<string, unknown>)[name] = 7)));
  },
  protocolArguments: (url) => Object.entries(offers).map(([name, offered]) => [name, outcome(() => {
    const socket = new WebSocket(url, offered as string);
    socket.close();
    return 'made';
  })]),
  urlArguments: () => [Symbol('x'), 'http://['].map((url) => thrown(() => new WebSocket(url as string))),
  async subclass(url) {
    const calls: string[] = [];
    class Mine extends WebSocket {
      readonly mine = 1;
      get extra(): string {
        return 'extra';
      }
      override send(data: string): void {
        calls.push('send');
        super.send(data);
      }
      override get url(): string {
        return `mine ${super.url === url}`;
      }
      override close(): void {
        super.close(3001, 'mine');
      }
    }
    const socket = new Mine(url);
    socket.onopen = ({ target }) => calls.push(`open ${target === socket}`);
    const other = new WebSocket(url);
    const shape = [
      socket instanceof Mine, socket instanceof WebSocket, socket.constructor.name, socket.mine, socket.extra,
      socket.readyState, socket.url, Object.prototype.toString.call(socket), Mine.CLOSED, Object.keys(socket),
      other instanceof Mine,
    ];
    other.close();
    await event(socket, 'open');
    const closed = event<CloseEvent>(socket, 'close');
    socket.send('');
    socket.close();
    const { code, reason } = await closed;
    return { shape, calls, code, reason };
  },
  async oldSubclass(url) {
    function Old(this: unknown, url: string): object {
      return Reflect.construct(WebSocket, [url], Old) as object;
    }
    Old.prototype = Object.create(WebSocket.prototype, { extra: { value: () => 'extra' } });
    const socket = Reflect.construct(Old, [url]) as WebSocket & { extra(): string };
    await event(socket, 'open');
    const closed = event<CloseEvent>(socket, 'close');
    socket.close(3002);
    return [socket instanceof Old, socket.extra(), (await closed).code];
  },
  async messageEvent(url) {
    const socket = await opened(url);
    const message = event<MessageEvent<ArrayBuffer>>(socket, 'message');
    socket.send(Uint8Array.of(65, 77, 81, 80, 0, 0, 9, 1));
    const told = await message;
    const { lastEventId, source, ports, bubbles, cancelable, composed, target, origin } = told;
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return {
      kind: told.constructor.name, lastEventId, source, ports: ports.length, frozen: Object.isFrozen(ports), bubbles,
      cancelable, composed, target: target === socket, origin: origin === new URL(url).origin,
      data: told.data.constructor.name,
    };
  },
  async closeEvent(url) {
    const socket = await opened(url);
    const closed = event<CloseEvent>(socket, 'close');
    socket.close();
    const told = await closed;
    const { type, bubbles, cancelable, target } = told;
    return [told.constructor.name, type, bubbles, cancelable, target === socket];
  },
  async throwingHandler(url) {
    const socket = new WebSocket(url);
    const reported = new Promise((resolve) => {
      addEventListener('error', (fault) => {
        fault.preventDefault();
        resolve(fault.message);
      }, { once: true });
    });
    socket.onopen = () => {
      throw new Error('in a handler');
    };
    const result = [await reported, socket.readyState];
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return result;
  },
  async handlerObjects(url) {
    const calls: string[] = [];
    const socket = new WebSocket(url);
    socket.onopen = { handleEvent: () => calls.push('object') } as unknown as () => void;
    socket.addEventListener('open', { handleEvent: () => calls.push('listener') });
    socket.addEventListener('open', () => calls.push('once'), { once: true });
    await event(socket, 'open');
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    return calls;
  },
  binaryTypes: (url) => {
    const socket = new WebSocket(url);
    const seen = [new String('arraybuffer'), 'BLOB', null, undefined, 'blob'].map((value) => {
      socket.binaryType = value as BinaryType;
      return socket.binaryType;
    });
    socket.close();
    return [...seen, thrown(() => void (socket.binaryType = Symbol('x') as unknown as BinaryType))];
  },
};
