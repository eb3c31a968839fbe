import { nodeLimits } from './limits.ts';

/** How something is asked for over HTTP. */
export interface FetchOptions {
  readonly method?: 'POST';
  readonly body?: URLSearchParams;
  readonly timeoutMs: number;
}

/** The text at a URL. Rejects where the answer is late, too long, or no success. */
export async function fetchText(
  url: string, { timeoutMs, ...request }: FetchOptions,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { ...request, signal, redirect: 'error' });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > nodeLimits.fetchedBytesMax) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const { pathname, host } = new URL(url);
  if (!response.ok) throw new Error(`${host}${pathname} answers ${response.status}`);
  return Buffer.concat(chunks).toString('utf8');
}

/** The JSON document at a URL. */
export async function fetchJson(url: string): Promise<unknown> {
  return JSON.parse(await fetchText(url, { timeoutMs: nodeLimits.fetchMs }));
}
