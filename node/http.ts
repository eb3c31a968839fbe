import type { RequestListener, ServerResponse } from 'node:http';
import type { Playground } from './playground.ts';

/**
 * Answers the few plain HTTP requests that the WebSocket port gets, from people and from probes.
 * `urls` says where clients connect; where there is a playground, browsers get that.
 */
export function answerHttp(
  version: string, urls: () => readonly string[], playground?: Playground,
): RequestListener {
  return (request, response) => {
    const path = request.url?.replace(/[?#].*$/, '') ?? '/';
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      answer(response, 405, 'Method Not Allowed\n');
    } else if (playground?.answer(path, request, response) === true) {
      return;
    } else if (path === '/') {
      answer(response, 200, frontPage(version, urls()));
    } else if (path === '/health') {
      answer(response, 200, 'ok');
    } else {
      answer(response, 404, 'Not Found\n');
    }
  };
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function frontPage(version: string, urls: readonly string[]): string {
  return [
    `TabMQ ${version}, an AMQP 0-9-1 message broker.`,
    '',
    'Clients connect here:',
    ...urls.map((url) => `  ${url}`),
    '',
    'GET /health answers "ok" while the broker runs.',
    '',
  ].join('\n');
}
