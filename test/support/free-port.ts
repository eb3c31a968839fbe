/** Ports that nobody listens on. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Has a gateway pick a free port for each way in. */
export const freePortFlags = ['--amqp-port', '0', '--http-port', '0', '--metrics-port', '0'] as const;

/** A port where nobody listens any more. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
