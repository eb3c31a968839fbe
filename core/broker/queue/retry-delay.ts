import type { QueueSettings } from './arguments.ts';

/** How long a message that came back waits before it is ready again, in milliseconds. QUE-29. */
export function retryDelay(
  { delayedRetry }: QueueSettings, deliveryCount: number, outcome: 'requeue' | 'return',
): number | undefined {
  if (delayedRetry === undefined) return undefined;
  const { messages, minMs, maxMs } = delayedRetry;
  const kind = outcome === 'requeue' ? 'failed' : 'returned';
  return messages === 'all' || messages === kind
    ? Math.min(minMs * deliveryCount, maxMs)
    : undefined;
}
