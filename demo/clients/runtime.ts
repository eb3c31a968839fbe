import { installTabWebSocket } from '../../browser/install.ts';
import { LinkPort } from './link-port.ts';
import { watchMarbles } from './marbles.ts';
import { lineIn, runModule, type Evaluate, type Modules } from './module.ts';
import { errorText } from './error-text.ts';
import type { FromClient, ToClient } from './protocol.ts';
import { virtualGlobals } from './virtual-globals.ts';

/** What is used of the port to the world. */
export interface WorldPort {
  postMessage(message: FromClient, transfer?: ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data?: unknown }) => void): void;
  start(): void;
}

/** Tasks without anything new after which a client counts as idle. */
const QUIET_TASKS = 3;

/** What depends on the realm that the code of a client runs in. */
export interface Realm {
  /** Called once time and network are the world's, so that libraries see no other. */
  readonly loadModules: () => Promise<Modules>;
  /** Depends on what its policy allows. */
  readonly evaluate: Evaluate;
}

/** Runs the code of one client in this realm, whose time and network become the world's. */
export function runClient(port: WorldPort, { loadModules, evaluate }: Realm): void {
  let activity = 0;
  const post = (message: FromClient, transfer: ArrayBuffer[] = []): void => {
    activity++;
    port.postMessage(message, transfer);
  };
  const time = virtualGlobals(globalThis, post);
  const links: LinkPort[] = [];
  installTabWebSocket({
    dial: () => {
      const number = links.length;
      const link = new LinkPort((data, transfer) =>
        post({ type: 'data', link: number, data: data as string }, transfer));
      links.push(link);
      post({ type: 'dial', link: number });
      // A WebSocket in a tab uses of its port what a LinkPort has.
      return link as unknown as MessagePort;
    },
  });
  const fail = async (error: unknown): Promise<void> => {
    // What the platform has to say about it comes in a task of its own.
    await time.nextTask();
    post({ type: 'failed', text: errorText(error), line: lineIn(error) });
  };
  time.onUncaught((error) => void fail(error));
  const idle = async (): Promise<void> => {
    for (let quiet = 0, seen = activity; quiet < QUIET_TASKS; quiet++) {
      await time.nextTask();
      if (activity !== seen) quiet = -1;
      seen = activity;
    }
  };
  let loading: Promise<void> | undefined;
  let beginMarbles = (): void => {};
  const start = async ({ code, name }: Extract<ToClient, { type: 'start' }>): Promise<void> => {
    const { modules, beginTurn } = watchMarbles(await loadModules(), (mark) =>
      port.postMessage({ type: 'mark', mark }));
    beginMarbles = beginTurn;
    port.postMessage({ type: 'loaded' });
    // Its code may run for as long as it likes: nobody waits for its end.
    void runModule(code, name, modules, evaluate).catch(fail);
  };
  const turn = async (message: Extract<ToClient, { type: 'turn' }>): Promise<void> => {
    await loading;
    time.moveTo(message.now);
    beginMarbles();
    for (const id of message.timers) time.fire(id);
    for (const { link, data } of message.data) links[link]?.receive(data);
    await idle();
    port.postMessage({ type: 'idle', round: message.round });
  };
  port.addEventListener('message', ({ data }) => {
    const message = data as ToClient;
    if (message.type === 'turn') {
      void turn(message);
      return;
    }
    time.begin(message);
    loading = start(message).catch(fail);
  });
  port.start();
}
