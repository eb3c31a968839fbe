/** What a host and a tab leave behind of each other, without a browser: Node has MessagePorts as well. */
import { filter, firstValueFrom, ReplaySubject, Subject } from 'rxjs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BrokerHost } from '../../../browser/broker-host.ts';
import type { HostedBroker } from '../../../browser/named-broker.ts';
import { browserLimits } from '../../../browser/limits.ts';
import type { BrokerSettings, FromHost, FromTab } from '../../../browser/line.ts';
import { TabBroker, type Route } from '../../../browser/tab-broker.ts';
import { VirtualClock } from '../../../core/index.ts';
import { BufferPool } from '../../../core/protocol/index.ts';

const settings: BrokerSettings = { name: 'broker', storage: 'memory', salvage: false };
const hello: FromTab = { kind: 'hello', settings, life: undefined };

/** A tab's end of a line to the host. */
function lineTo(host: BrokerHost): {
  line: MessagePort; end: MessagePort; said: (kind: FromHost['kind']) => Promise<FromHost>;
} {
  const { port1: line, port2 } = new MessageChannel();
  onTestFinished(() => line.close());
  const heard$ = new ReplaySubject<FromHost>();
  line.onmessage = ({ data }) => heard$.next(data as FromHost);
  host.connect(port2);
  return { line, end: port2, said: (wanted) => firstValueFrom(heard$.pipe(filter(({ kind }) => kind === wanted))) };
}

test('a tab that is gone hears no more of the storage', async () => {
  const events$ = new Subject();
  const env = { clock: new VirtualClock(), pool: new BufferPool() };
  const hosted = { broker: { events$ }, env, storage: 'memory' } as unknown as HostedBroker;
  const { line, said, end } = lineTo(new BrokerHost({ open: async () => hosted }));
  line.postMessage(hello);
  await said('ready');
  events$.next({ type: 'journal.trouble', kind: 'full', text: 'no space' });
  await said('notice');
  const say = vi.spyOn(end, 'postMessage');
  const heard = new Promise((resolve) => end.addEventListener('close', resolve));
  line.close();
  await heard;
  events$.next({ type: 'journal.trouble', kind: 'space', text: '' });
  expect(say).not.toHaveBeenCalled();
});

test('who asks for more of a broker that cannot be opened is told once, and nothing is left unhandled', async () => {
  const { line, said } = lineTo(new BrokerHost({ open: () => Promise.reject(new Error('no space')) }));
  line.postMessage(hello);
  expect(await said('failed')).toEqual({ kind: 'failed', text: 'no space' });
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const dial: FromTab = { kind: 'dial', door: 'amqp', port: port2 };
  line.postMessage(dial, [port2]);
  line.postMessage({ kind: 'stop' } satisfies FromTab);
  await said('stopped');
});

/** A route whose host has answered that the broker is there, and says no more. */
function answeredRoute(place: Route['place'] = 'shared-worker', onLine = (_port: MessagePort): void => {}): Route {
  return {
    place,
    open() {
      const { port1, port2 } = new MessageChannel();
      onTestFinished(() => port1.close());
      onLine(port2);
      port2.postMessage({ kind: 'host', life: undefined } satisfies FromHost);
      port2.postMessage({ kind: 'ready', storage: 'memory', salvaged: [] } satisfies FromHost);
      return port1;
    },
  };
}

test('a script that cannot be loaded is heard of, however soon that is known', async () => {
  const route: Route = { ...answeredRoute(), onFailure: (run) => run('there is no such script') };
  await expect(TabBroker.open(route, settings)).rejects.toThrow('there is no such script');
});

const silent = [undefined, 'that said so and went silent'];
test.each(silent)('a host that says nothing is waited for no longer than half a minute (%s)', async (life) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const lines: MessagePort[] = [];
  const renew = vi.fn();
  const open = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    lines.push(port1, port2);
    if (life !== undefined) port2.postMessage({ kind: 'host', life } satisfies FromHost);
    return port1;
  };
  onTestFinished(() => lines.forEach((line) => line.close()));
  const opening = expect(TabBroker.open({ place: 'worker', open, renew }, settings)).rejects
    .toThrow('What runs the broker ended, or does not answer.');
  for (let attempts = 1; attempts <= browserLimits.openAttemptsMax; attempts++) {
    await vi.waitUntil(() => lines.length === 2 * attempts);
    await vi.advanceTimersByTimeAsync(browserLimits.hostSilenceMs);
  }
  await opening;
  expect(renew).toHaveBeenCalledTimes(browserLimits.openAttemptsMax);
});

test('a worker that crashes while it is to stop is waited for no longer', async () => {
  const broker = await TabBroker.open(answeredRoute('worker', (port) => {
    // What is asked of it is the last that it ever hears.
    port.onmessage = ({ data }: MessageEvent<FromTab>) => data.kind === 'stop' && port.close();
  }), settings);
  await broker.close();
});

test('a broker that was closed is called by nothing of the page', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  vi.stubGlobal('addEventListener', (_type: string, _listen: unknown, options?: { signal?: AbortSignal }) => {
    signals.push(options?.signal);
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const broker = await TabBroker.open(answeredRoute(), settings);
  expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
  await broker.close();
  expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
});
