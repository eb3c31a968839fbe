/** Lets a client that only speaks TCP use the WebSocket listener, byte for byte. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

export interface Relay {
  readonly amqpUrl: string;
  close(): Promise<void>;
}

export async function relayToWebSocket(wsUrl: string): Promise<Relay> {
  const server = createServer((socket) => join(socket, new WebSocket(wsUrl, 'amqp')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    amqpUrl: `amqp://guest:guest@127.0.0.1:${port}`,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

function join(socket: Socket, webSocket: WebSocket): void {
  const stream = createWebSocketStream(webSocket);
  // An end on one side ends the other; what went wrong is for the client under test to notice.
  const ignore = (): void => {};
  pipeline(socket, stream, ignore);
  pipeline(stream, socket, ignore);
}
