/** A reason, in one clear sentence, why the bench or one of its runs cannot go on. */
export class CannotBench extends Error {
  override readonly name = 'CannotBench';
}
