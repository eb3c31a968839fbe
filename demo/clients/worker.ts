/** The script of a client's Worker in the sandbox: waits for its port, then for its code. */
import { importText } from '../sandbox/import-text.ts';
import { tellViolations, withoutSideDoors } from '../sandbox/walls.ts';
import type { ModuleFunction } from './module.ts';
import { runClient, type WorldPort } from './runtime.ts';

addEventListener('message', ({ ports: [port] }: MessageEvent) => {
  withoutSideDoors();
  runClient(port as unknown as WorldPort, {
    // Loaded once time is virtual: libraries keep the globals that they find.
    loadModules: async () => (await import('./modules.ts')).modules,
    evaluate: (text, sourceName) => importText(text, sourceName) as ModuleFunction,
  });
  tellViolations();
}, { once: true });
