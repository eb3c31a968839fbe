import { TabWebSocket, type DialPort } from './tab-web-socket.ts';
import { parseWebSocketUrl } from './web-socket-arguments.ts';

/** How `installTabWebSocket` decides which URLs lead to the broker of the tab. */
export interface InstallOptions {
  /** Which URLs lead to the broker. Default: those whose host ends with `.tab`. */
  readonly matches?: (url: URL) => boolean;
}

type WebSocketClass = typeof WebSocket;

interface Installation {
  readonly matches: (url: URL) => boolean;
  readonly broker: { readonly dial: DialPort };
}

/** A class that stands in front of another one. */
interface Front {
  readonly own: WebSocketClass;
  readonly before: WebSocketClass;
  /** The latest first. */
  installations: readonly Installation[];
}

const fronts = new WeakMap<WebSocketClass, Front>();

function isTabHost({ hostname }: URL): boolean {
  return hostname.endsWith('.tab');
}

/**
 * Stands in front of the global `WebSocket`: what matches reaches the broker, all else the
 * network. Install it before a library is loaded that keeps the global for itself. Of several that
 * match the latest counts. Answers how to take it away again, in any order.
 */
export function installTabWebSocket(
  broker: { readonly dial: DialPort }, { matches = isTabHost }: InstallOptions = {},
): () => void {
  const front = fronts.get(globalThis.WebSocket) ?? frontOf(globalThis.WebSocket);
  const installation: Installation = { matches, broker };
  front.installations = [installation, ...front.installations];
  globalThis.WebSocket = front.own;
  return () => {
    front.installations = front.installations.filter((each) => each !== installation);
    const { own, before, installations } = front;
    if (installations.length === 0 && globalThis.WebSocket === own) globalThis.WebSocket = before;
  };
}

function frontOf(before: WebSocketClass): Front {
  // The package `ws`, which stands in where Node has no WebSocket, is no EventTarget: what is made
  // in its place cannot have its prototype.
  const isStandard = before.prototype instanceof EventTarget;
  class OwnWebSocket {
    // A class of the platform counts the parameters alone that it needs.
    constructor(url: string | URL, ...more: [protocols?: string | string[]]) {
      const installation = arguments.length > 0 && leadingTo(front.installations, url);
      if (!installation) {
        // Where nothing was derived from it, what reaches the network is wholly what it was.
        const target = new.target === OwnWebSocket ? before : new.target;
        return Reflect.construct(before, arguments, target) as OwnWebSocket;
      }
      const dial: DialPort = (url) => installation.broker.dial(url);
      const target = new.target === OwnWebSocket && !isStandard ? TabWebSocket : new.target;
      return Reflect.construct(TabWebSocket, [url, more[0], dial], target) as OwnWebSocket;
    }

    static [Symbol.hasInstance](value: unknown): boolean {
      if (Function.prototype[Symbol.hasInstance].call(this as never, value)) return true;
      return this === OwnWebSocket && (TabWebSocket.isOne(value) || value instanceof before);
    }
  }
  const own = OwnWebSocket as unknown as WebSocketClass;
  const front: Front = { own, before, installations: [] };
  fronts.set(own, front);
  dress(own, before);
  return front;
}

function leadingTo(
  installations: readonly Installation[], text: string | URL,
): Installation | undefined {
  let url: URL;
  try {
    url = parseWebSocketUrl(text);
  } catch {
    // The WebSocket of the network tells what is wrong with it.
    return undefined;
  }
  return installations.find(({ matches }) => matches(url));
}

/** Gives a class and its prototype all that another class has. */
function dress(own: WebSocketClass, before: WebSocketClass): void {
  const { prototype, ...statics } = Object.getOwnPropertyDescriptors(before);
  Object.setPrototypeOf(own, Object.getPrototypeOf(before));
  Object.defineProperties(own, statics);
  Object.setPrototypeOf(own.prototype, Object.getPrototypeOf(prototype.value));
  const members = Object.getOwnPropertyDescriptors(prototype.value as object);
  const names = Reflect.ownKeys(members).filter((name) => name !== 'constructor');
  for (const name of names as (keyof typeof members)[]) {
    const ofTab = Object.getOwnPropertyDescriptor(TabWebSocket.prototype, name);
    Object.defineProperty(own.prototype, name, eitherOf(members[name]!, ofTab));
  }
}

/** A member that does what that of a TabWebSocket does for one, and for others what it did. */
function eitherOf(
  before: PropertyDescriptor, ofTab: PropertyDescriptor = {},
): PropertyDescriptor {
  const either = { ...before };
  for (const part of ['value', 'get', 'set'] as const) {
    const run: unknown = before[part];
    if (typeof run === 'function') either[part] = eitherFunction(run, ofTab[part]);
  }
  return either;
}

function eitherFunction<F extends Function>(before: F, ofTab: F | undefined): F {
  const { either } = {
    either(this: unknown, ...parameters: unknown[]): unknown {
      const isTab = ofTab !== undefined && TabWebSocket.isOne(this);
      return Reflect.apply(isTab ? ofTab : before, this, parameters);
    },
  };
  for (const name of ['name', 'length'] as const) {
    Object.defineProperty(either, name, { value: before[name], configurable: true });
  }
  return either as unknown as F;
}
