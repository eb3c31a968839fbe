/** The picture that all screens have of the broker is never older than the last news. */
import { Subject } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ApiResponse, TopologyView } from '../../core/management/index.ts';
import type { BrokerPort, TapBatch } from '../../demo/port/broker-port.ts';
import { NO_TOPOLOGY, topologyOf } from '../../demo/shell/topology.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A broker that answers when it is told to. */
function slowBroker() {
  const news$ = new Subject<TapBatch>();
  const waiting: ((response: ApiResponse) => void)[] = [];
  const api = () => new Promise<ApiResponse>((resolve) => waiting.push(resolve));
  const port = { tap$: () => news$, api } as unknown as BrokerPort;
  const answer = async (now: number): Promise<void> => {
    waiting.shift()!({ status: 200, body: { ...NO_TOPOLOGY, now } } as ApiResponse);
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    port, waiting, answer,
    tell: async (afterMs: number) => {
      news$.next({} as TapBatch);
      await vi.advanceTimersByTimeAsync(afterMs);
    },
  };
}

test('news that comes while a picture is made leads to another one', async () => {
  const { port, waiting, answer, tell } = slowBroker();
  const seen: number[] = [];
  const watched = topologyOf(port).subscribe(({ now }: TopologyView) => seen.push(now));
  await tell(1000);
  expect(waiting).toHaveLength(1);
  await tell(1000);
  expect(waiting, 'one question at a time').toHaveLength(1);
  await answer(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting).toHaveLength(1);
  await answer(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting, 'no news, no question').toHaveLength(0);
  expect(seen).toEqual([0, 1, 2]);
  watched.unsubscribe();
});

test('news in a row is asked about once', async () => {
  const { port, waiting, tell } = slowBroker();
  const watched = topologyOf(port).subscribe();
  for (let count = 0; count < 40; count++) await tell(1);
  expect(waiting).toHaveLength(0);
  await tell(20);
  expect(waiting).toHaveLength(1);
  watched.unsubscribe();
});
