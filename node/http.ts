import type { RequestListener } from 'node:http';
import { answerNotFound, answerText } from './http-text.ts';
import type { Playground } from './playground.ts';

export interface HttpAnswers {
  readonly version: string;
  /** Where clients connect. */
  readonly urls: () => readonly string[];
  /** Why nobody should be sent here now, as a sentence; undefined: there is no reason. */
  readonly whyNotReady?: () => string | undefined;
  /** Where there is one, browsers get that. */
  readonly playground?: Playground | undefined;
  /** Answers what is below `/api`. */
  readonly management?: RequestListener | undefined;
}

/** Answers the few plain HTTP requests of the WebSocket port, from people, probes and programs. */
export function answerHttp(answers: HttpAnswers): RequestListener {
  const { version, urls, playground, management } = answers;
  return (request, response) => {
    const path = request.url?.replace(/[?#].*$/, '') ?? '/';
    if (management !== undefined && /^\/api(\/|$)/.test(path)) {
      management(request, response);
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      answerText(response, 405, 'Method Not Allowed\n');
    } else if (playground?.answer(path, request, response, urls()) === true) {
      return;
    } else if (path === '/') {
      answerText(response, 200, frontPage(version, urls()));
    } else if (path === '/health') {
      answerText(response, 200, 'ok');
    } else if (path === '/health/ready') {
      const reason = answers.whyNotReady?.();
      answerText(response, reason === undefined ? 200 : 503, reason ?? 'ok');
    } else {
      answerNotFound(response);
    }
  };
}

function frontPage(version: string, urls: readonly string[]): string {
  return [
    `TabMQ ${version}, an AMQP 0-9-1 message broker.`,
    '',
    'Clients connect here:',
    ...urls.map((url) => `  ${url}`),
    '',
    'GET /health answers "ok" while the broker runs, GET /health/ready while clients are welcome.',
    '',
  ].join('\n');
}
