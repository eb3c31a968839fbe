/** What tests ask of whatever runs them: Node answers, and a browser has nothing to say. */

interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  memoryUsage?(): { readonly arrayBuffers: number };
}

const host = (globalThis as { readonly process?: Host })['process'];

/** Bytes of all buffers that are held; 0 in a browser, so that what is held is judged in Node alone. */
export function heldBufferBytes(): number {
  return host?.memoryUsage?.().arrayBuffers ?? 0;
}

/** A variable of the environment; undefined in a browser, which has none. */
export function environmentVariable(name: string): string | undefined {
  return host?.env[name];
}
