/** A stretch of TCP between a client and a broker that a test can cut. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Relay {
  readonly port: number;
  /** Connections that went through it so far. */
  readonly connectionCount: number;
  /** Drops all connections at once, without a word to either end. */
  cut(): void;
  /** Stops passing on what the broker says, and what comes after it. */
  setDeaf(on: boolean): void;
}

export async function startRelay(host: string, port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  let deaf = false;
  const server = createServer((client) => {
    connectionCount++;
    const broker = connect({ host, port });
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    client.pipe(broker);
    broker.on('data', (chunk) => deaf || client.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => sockets.forEach((socket) => void socket.destroy());
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return connectionCount;
    },
    cut,
    setDeaf(on) {
      deaf = on;
    },
  };
}
