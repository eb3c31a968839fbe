/** A page whose broker is a service worker. */
import { installTabWebSocket } from 'tabmq/browser';
import { bothClients } from './clients.ts';

function dialed(worker: ServiceWorker): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ ports }) => resolve(ports[0]!);
    worker.postMessage(undefined, [port2]);
  });
}

export async function overServiceWorker(count: number): Promise<unknown> {
  await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
  const { active } = await navigator.serviceWorker.ready;
  installTabWebSocket({ dial: () => dialed(active!) });
  return bothClients(count);
}
