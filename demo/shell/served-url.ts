/** The port that the gateway writes into the page that it serves; see `node/playground.ts`. */
const PORT_NAME = 'amqp-port';

/** Where the broker that serves this page listens; undefined: a host without one serves it. */
export function servedUrl(): string | undefined {
  const port = document.querySelector<HTMLMetaElement>(`meta[name="${PORT_NAME}"]`)?.content ?? '';
  if (!/^\d+$/.test(port)) return undefined;
  return `amqp://${location.hostname}:${port}`;
}
