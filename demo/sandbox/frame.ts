/**
 * The one script of the iframe in which client code lives. The iframe has an origin of its own and
 * a policy that allows no network, and every Worker that it makes inherits both. It is inline, so
 * it imports nothing.
 */
import type { FromFrame, ToFrame } from './frame-message.ts';

const workers = new Map<number, Worker>();

addEventListener('message', ({ data, source, ports: [port] }: MessageEvent<ToFrame>) => {
  if (source !== parent) return;
  if (data.type === 'end') {
    workers.get(data.id)?.terminate();
    workers.delete(data.id);
    return;
  }
  try {
    spawn(data, port!);
  } catch (error) {
    refuse(data.id, (error as Error).message);
  }
});

function spawn({ id, name, script }: Extract<ToFrame, { type: 'spawn' }>, port: MessagePort): void {
  const worker = new Worker(URL.createObjectURL(script), { name });
  // Errors of its code come with a message, and the client that runs it tells of them.
  worker.onerror = (event) => {
    if (!(event instanceof ErrorEvent)) refuse(id, 'the browser does not run its script');
  };
  worker.postMessage(undefined, [port]);
  workers.set(id, worker);
}

/** The page has no name here that it could be addressed by. */
function refuse(id: number, text: string): void {
  parent.postMessage({ type: 'refused', id, text } satisfies FromFrame, '*');
}
