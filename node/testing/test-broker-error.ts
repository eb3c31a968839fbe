/** What a test expected of the broker and did not find, with what the broker saw. */
export class TestBrokerError extends Error {
  override readonly name = 'TestBrokerError';
}

/**
 * Remembers the line of the test that is at hand, for an error that is made much later. The
 * stack of that error leads there and not into a timer.
 */
export function errorsFromHere(): (message: string) => TestBrokerError {
  const here = new Error('here').stack?.split('\n').slice(3).join('\n') ?? '';
  return (message) => {
    const error = new TestBrokerError(message);
    error.stack = `${error.name}: ${message}\n${here}`;
    return error;
  };
}
