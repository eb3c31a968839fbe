import type { Endpoint } from './dial.ts';

/** Where an endpoint is, as a person or a WebSocket writes it: `wss://[::1]:15671/ws/amqp`. */
export function urlOf({ scheme, host, port, path }: Endpoint): string {
  if (scheme === 'port') return 'the MessagePort';
  const address = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${address}:${port}${path}`;
}
