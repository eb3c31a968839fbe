import { audit, concatMap, defer, delay, from, type OperatorFunction } from 'rxjs';

/**
 * Asks after each piece of news, one question at a time and with a pause between them: news that
 * comes while a question is open asks the next one, so that none is lost and no answer is given up
 * for it, however long it takes. `ask` must not reject.
 */
export function askAgain<N, A>(
  ask: (news: N) => Promise<A>, pauseMs: number,
): OperatorFunction<N, A> {
  return (news$) => defer(() => {
    let asked: Promise<unknown> = Promise.resolve();
    return news$.pipe(
      audit(() => from(asked).pipe(delay(pauseMs))),
      concatMap((news) => {
        const answer = ask(news);
        asked = answer;
        return answer;
      }),
    );
  });
}
