/**
 * Why the gateway cannot start, as one sentence for the person who started it: a fault of the
 * settings or of the machine, never of the program, so nobody needs its stack.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The code that Node or the kernel gave an error, such as EADDRINUSE. */
export function codeOf(error: unknown): string {
  return (error as { code?: unknown } | undefined)?.code?.toString() ?? '';
}
