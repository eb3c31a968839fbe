/** Gives a broker that speaks TCP alone the WebSocket that clients in pages dial. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createWebSocketStream, WebSocketServer } from 'ws';

export class LiveRelay {
  readonly #server: WebSocketServer;
  readonly #sockets = new Map<string, Set<Socket>>();

  private constructor(server: WebSocketServer, broker: { readonly host: string; readonly port: number }) {
    this.#server = server;
    server.on('connection', (webSocket, { url }) => {
      const socket = connect(broker).setNoDelay();
      const ofClient = this.#sockets.get(url!) ?? new Set();
      this.#sockets.set(url!, ofClient.add(socket));
      socket.on('close', () => ofClient.delete(socket));
      const stream = createWebSocketStream(webSocket);
      // The end of one is the end of the other, as the last that the broker hears of a client.
      for (const each of [socket, stream]) each.on('error', () => {});
      webSocket.on('close', () => socket.end());
      socket.on('close', () => webSocket.terminate());
      stream.pipe(socket, { end: false });
      socket.pipe(stream);
    });
  }

  static async start(broker: { readonly host: string; readonly port: number }): Promise<LiveRelay> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new LiveRelay(server, broker);
  }

  urlFor(client: string): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}${pathOf(client)}`;
  }

  /** Resolves when the broker has closed its end of every connection of the client. */
  async gone(client: string): Promise<void> {
    const sockets = [...this.#sockets.get(pathOf(client)) ?? []];
    // A reset is an end as well, so that this is no `once`, which fails of it.
    await Promise.all(sockets.map((socket) =>
      socket.closed || new Promise((resolve) => socket.on('close', resolve))));
  }

  async close(): Promise<void> {
    for (const webSocket of this.#server.clients) webSocket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function pathOf(client: string): string {
  return `/${client}`;
}
