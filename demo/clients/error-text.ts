/** What was thrown, in words: libraries throw more than errors. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  if (typeof Event !== 'undefined' && thrown instanceof Event) return eventText(thrown);
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  try {
    return JSON.stringify(thrown);
  } catch {
    // What has a cycle, or a bigint, has no JSON.
    return `an object with ${Object.keys(thrown).join(', ') || 'nothing in it'}`;
  }
}

/** A socket that closes or fails tells so by an event. */
function eventText(event: Event): string {
  const { error, message, reason, code } = event as Event & {
    readonly error?: unknown; readonly message?: unknown; readonly reason?: unknown;
    readonly code?: unknown;
  };
  if (error instanceof Error) return errorText(error);
  const said = [message, reason].find((one) => typeof one === 'string' && one !== '');
  const why = said === undefined ? '' : `: ${String(said)}`;
  if (event.type === 'close') return `the connection was closed, code ${String(code)}${why}`;
  if (event.type === 'error') return `the connection failed${why || ': the broker ended it'}`;
  return `the event "${event.type}"${why}`;
}
