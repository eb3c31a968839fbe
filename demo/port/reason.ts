/** Why the management API refused something, as it says itself. */
export function reasonOf(body: unknown): string {
  const { reason } = (body ?? {}) as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : 'The server refused it.';
}
