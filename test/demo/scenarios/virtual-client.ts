/** The thread of a client in a world: the runtime of the page's Workers, with Node around it. */
import { runInThisContext } from 'node:vm';
import { workerData, type MessagePort } from 'node:worker_threads';
import { WebSocket } from 'ws';
import type { ModuleFunction } from '../../../demo/clients/module.ts';
import { runClient, type WorldPort } from '../../../demo/clients/runtime.ts';

/** Node 20 has none. */
class CloseEventInNode extends Event implements CloseEvent {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code = 0, reason = '', wasClean = false }: CloseEventInit = {}) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

const { port } = workerData as { readonly port: MessagePort };
// The world ends a client by closing its port, and a page ends its Worker with it.
port.on('close', () => process.exit());
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
globalThis.CloseEvent ??= CloseEventInNode;
runClient(port as unknown as WorldPort, {
  loadModules: async () => (await import('../../../demo/clients/modules.ts')).modules,
  evaluate: (text, filename) => runInThisContext(text, { filename }) as ModuleFunction,
});
