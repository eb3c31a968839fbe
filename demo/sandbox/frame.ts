/**
 * The one script of the iframe in which client code lives. The iframe has an origin of its own and
 * a policy that allows no network, and every Worker that it makes inherits both. It is inline, so
 * it imports nothing.
 */
import type { ToFrame } from './sandbox.ts';

const workers = new Map<number, Worker>();

addEventListener('message', ({ data, source, ports: [port] }: MessageEvent<ToFrame>) => {
  if (source !== parent) return;
  if (data.type === 'end') {
    workers.get(data.id)?.terminate();
    workers.delete(data.id);
    return;
  }
  const url = URL.createObjectURL(data.script);
  const worker = new Worker(url, { name: data.name });
  worker.postMessage(undefined, [port!]);
  workers.set(data.id, worker);
});
