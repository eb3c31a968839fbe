/** Where the gateway listens unless it is told otherwise. */
const AMQP_URL = 'amqp://localhost';
const WEB_SOCKET_URL = 'ws://localhost:15672/ws/amqp';

/** A URL of the broker in the tab, as the literal that it is. */
const tabUrl = /(?<quote>['"`])ws:\/\/[\w.-]+\.tab(?::\d+)?\/?[^'"`]*\k<quote>/.source;
const login = ['vhost', 'user', 'password']
  .map((name) => String.raw`,\s*['"](?<${name}>.*?)['"]`).join('');
const newClient = new RegExp(
  String.raw`new AMQPWebSocketClient\(\s*${tabUrl}(?:${login})?,?\s*\)`, 'g',
);
const importClient =
  /(import\s*\{[^}]*)\bAMQPWebSocketClient\b(?=[^}]*\}\s*from\s*['"]@cloudamqp\/)/g;
const connectCall = new RegExp(String.raw`\bconnect\(\s*${tabUrl}`, 'g');

interface Login {
  readonly vhost?: string;
  readonly user?: string;
  readonly password?: string;
}

/**
 * The same file for Node: it reaches a broker on this machine by TCP, or by WebSocket where it
 * speaks to one itself.
 */
export function forNode(code: string): string {
  return code
    .replaceAll(newClient, (...match) => `new AMQPClient('${amqpUrl(match.at(-1) as Login)}')`)
    .replaceAll(importClient, '$1AMQPClient')
    .replaceAll(connectCall, `connect('${AMQP_URL}'`)
    .replaceAll(new RegExp(tabUrl, 'g'), `'${WEB_SOCKET_URL}'`);
}

function amqpUrl({ vhost = '/', user = 'guest', password = 'guest' }: Login): string {
  const url = new URL(AMQP_URL);
  if (vhost !== '/') url.pathname = encodeURIComponent(vhost);
  if (user !== 'guest' || password !== 'guest') {
    url.username = user;
    url.password = password;
  }
  return url.href;
}
