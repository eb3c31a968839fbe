import type { ServerResponse } from 'node:http';

/** Answers a request with plain text, which a browser takes for nothing else. */
export function answerText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

/** Answers a request for a path that leads to nothing. */
export function answerNotFound(response: ServerResponse): void {
  answerText(response, 404, 'Not Found\n');
}
