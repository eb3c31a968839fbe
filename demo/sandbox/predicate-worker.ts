/** The script of a Worker that tries one function of the user's on many messages. */
import { importText } from './import-text.ts';
import type { PredicateRequest, PredicateResult } from './predicate-message.ts';
import { withoutSideDoors } from './walls.ts';

addEventListener('message', ({ ports: [port] }: MessageEvent) => {
  withoutSideDoors();
  port!.onmessage = ({ data }: MessageEvent<PredicateRequest>) => port!.postMessage(answer(data));
  port!.postMessage('ready');
}, { once: true });

function answer(request: PredicateRequest): PredicateResult | { readonly error: string } {
  const { code, messages } = request;
  try {
    const predicate = importText(code, 'predicate.js');
    if (typeof predicate === 'function') return tried(predicate as Predicate, messages);
    return { error: 'It is no function: write one such as m => m.headers.retry > 2.' };
  } catch (error) {
    return { error: String(error) };
  }
}

type Predicate = (message: unknown) => unknown;

function tried(predicate: Predicate, messages: readonly unknown[]): PredicateResult {
  let failures = 0;
  let failure = '';
  const matches = messages.map((message) => {
    try {
      return yesOrNo(predicate(message));
    } catch (error) {
      failures++;
      failure ||= String(error);
      return false;
    }
  });
  return { matches, failures, failure };
}

/** A promise is neither, and nobody waits for it. */
function yesOrNo(answer: unknown): boolean {
  if (!(answer instanceof Promise)) return Boolean(answer);
  answer.catch(() => {});
  throw new TypeError('it answers a promise, which is neither true nor false');
}
