/** The first script of a client's Worker: waits for its port, then for its code. */
import { runClient, type WorldPort } from './runtime.ts';

addEventListener('message', ({ ports: [port] }: MessageEvent) => {
  // Loaded once time is virtual: libraries keep the globals that they find.
  const loadModules = async () => (await import('./modules.ts')).modules;
  runClient(port as unknown as WorldPort, loadModules);
}, { once: true });
