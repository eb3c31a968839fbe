import { TabWebSocket, type DialPort } from './tab-web-socket.ts';
import { parseWebSocketUrl } from './web-socket-arguments.ts';

export interface InstallOptions {
  /** Which URLs lead to the broker. Default: those whose host ends with `.tab`. */
  readonly matches?: (url: URL) => boolean;
}

function isTabHost({ hostname }: URL): boolean {
  return hostname.endsWith('.tab');
}

/**
 * Stands in front of the global `WebSocket`: what matches reaches the broker, all else the
 * network. Install it before a library is loaded that keeps the global for itself. Answers how to
 * take it away again.
 */
export function installTabWebSocket(
  broker: { readonly dial: DialPort }, { matches = isTabHost }: InstallOptions = {},
): () => void {
  const before = globalThis.WebSocket;
  const isInstance = (value: unknown): boolean =>
    value instanceof TabWebSocket || value instanceof before;
  const front: typeof WebSocket = new Proxy(before, {
    construct(target, parameters: ConstructorParameters<typeof WebSocket>, newTarget): WebSocket {
      const [url, protocols = []] = parameters;
      // What extends the class of the network is made by that.
      if (newTarget === front && parameters.length > 0 && leadsToBroker(url, matches)) {
        return new TabWebSocket(url, protocols, (url) => broker.dial(url));
      }
      return Reflect.construct(target, parameters, newTarget) as WebSocket;
    },
    get: (target, name) =>
      name === Symbol.hasInstance ? isInstance : Reflect.get(target, name, target),
  });
  globalThis.WebSocket = front;
  return () => {
    if (globalThis.WebSocket === front) globalThis.WebSocket = before;
  };
}

function leadsToBroker(url: string | URL, matches: (url: URL) => boolean): boolean {
  try {
    return matches(parseWebSocketUrl(url));
  } catch {
    // The WebSocket of the network tells what is wrong with it.
    return false;
  }
}
