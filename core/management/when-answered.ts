import { AnswerAwaited } from '../errors.ts';

/**
 * Does what looks first whether a user may, again and again until all answers are there that have
 * to come from elsewhere.
 */
export async function whenAnswered<T>(run: () => T): Promise<Awaited<T>> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AnswerAwaited)) throw error;
      await new Promise<void>((resolve) => error.whenKnown(resolve));
    }
  }
}
