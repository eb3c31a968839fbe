/**
 * Checks an invariant of our own code; stays on in production. A failure is a bug of TabMQ,
 * never of a client, so it is a plain Error and no AMQP reply.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}

/** Marks a branch that the types prove cannot be taken. */
export function unreachable(value: never): never {
  throw new Error(`broken invariant: unreachable value ${String(value)}`);
}
