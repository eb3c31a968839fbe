/** The thread of a client in real time: what it dials reaches a broker over TCP. */
import { format } from 'node:util';
import { runInThisContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { modules } from '../../../demo/clients/modules.ts';
import { runModule, type ModuleFunction } from '../../../demo/clients/module.ts';

export interface LiveClient {
  readonly name: string;
  readonly code: string;
  /** A WebSocket that leads to the broker. */
  readonly url: string;
}

const { name, code, url } = workerData as LiveClient;

class ToBroker extends WebSocket {
  constructor() {
    super(url);
  }
}

globalThis.WebSocket = ToBroker as unknown as typeof globalThis.WebSocket;
console.log = (...values: unknown[]) => parentPort!.postMessage(format(...values));
// What it throws ends the thread, with an event for whoever waits for it.
void runModule(code, name, modules, (text, filename) =>
  runInThisContext(text, { filename }) as ModuleFunction);
