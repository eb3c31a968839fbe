import type { PredicateRequest, PredicateResult } from './predicate-message.ts';
import { sandbox } from './sandbox.ts';

/** How long it may take for all messages, in milliseconds of the wall. */
const LIMIT_MS = 1000;

/**
 * Tries a function of the user's, such as `m => m.headers.retry > 2`, on each of the messages, in
 * a Worker of the sandbox. Messages are copied there: values that can be cloned, no functions.
 * Rejects, in words, where the code is no function, or has not answered within `limitMs`.
 */
export function runPredicate(
  code: string, messages: readonly unknown[], limitMs = LIMIT_MS,
): Promise<PredicateResult> {
  const { port1, port2 } = new MessageChannel();
  const script = import('./predicate-worker.ts?script').then((loaded) => loaded.default);
  let end = (): void => {};
  let limit: ReturnType<typeof setTimeout>;
  return new Promise<PredicateResult>((resolve, reject) => {
    end = sandbox.spawn('predicate', script, port2, (text) => reject(new Error(text)));
    port1.onmessage = ({ data }: MessageEvent<PredicateAnswer>) => {
      if (data !== 'ready') {
        if ('error' in data) reject(new Error(data.error));
        else resolve(data);
        return;
      }
      // Only its own time counts, not what it takes to load it.
      const tooLong = `It has not answered within ${limitMs / 1000} s: does it loop?`;
      limit = setTimeout(() => reject(new Error(tooLong)), limitMs);
      port1.postMessage({ code, messages } satisfies PredicateRequest);
    };
  }).finally(() => {
    clearTimeout(limit);
    end();
    port1.close();
  });
}

type PredicateAnswer = 'ready' | PredicateResult | { readonly error: string };
