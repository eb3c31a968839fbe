/** Calls and streams over a MessagePort, between a page and the worker of its broker. */
import { Observable, Subject, type Subscription } from 'rxjs';

type Request =
  | {
    readonly id: number;
    readonly call: string;
    readonly parameters: readonly unknown[];
    /** The last parameter, where it is handed over: what bridges lines looks for it here. */
    readonly port?: MessagePort;
  }
  | { readonly id: number; readonly subscribe: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly unsubscribe: true };

type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly next: unknown }
  | { readonly id: number; readonly error: string };

/** What can be called, and what can be subscribed. */
export interface Services {
  readonly calls: Readonly<Record<string, (...parameters: never[]) => unknown>>;
  readonly streams: Readonly<Record<string, (...parameters: never[]) => Observable<unknown>>>;
}

/** The last word of a line whose other end is in a page that is gone. */
const LOST = 'abort';

/** What is used of a MessagePort. */
export interface RpcPort {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
}

/** The calling side. */
export class RpcClient {
  /** The other side was lost; streams go on with the one that there is now. */
  readonly lost$ = new Subject<void>();
  readonly #open: () => MessagePort;
  #port: MessagePort;
  readonly #waiting = new Map<number, (response: Response) => void>();
  readonly #streams = new Map<number, Request>();
  #last = 0;

  constructor(open: () => MessagePort) {
    this.#open = open;
    this.#port = this.#connect();
  }

  /** Rejects with what the service threw. A port is handed over as the last parameter. */
  call<T>(call: string, ...parameters: readonly unknown[]): Promise<T> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (response) => {
        this.#waiting.delete(id);
        if ('error' in response) reject(new Error(response.error));
        else if ('value' in response) resolve(response.value as T);
      });
      const port = parameters.at(-1);
      if (!(port instanceof MessagePort)) this.#port.postMessage({ id, call, parameters });
      else this.#port.postMessage({ id, call, parameters: parameters.slice(0, -1), port }, [port]);
    });
  }

  stream<T>(subscribe: string, ...parameters: readonly unknown[]): Observable<T> {
    return new Observable((subscriber) => {
      const id = ++this.#last;
      this.#waiting.set(id, (response) => {
        if ('error' in response) subscriber.error(new Error(response.error));
        else if ('next' in response) subscriber.next(response.next as T);
      });
      const request: Request = { id, subscribe, parameters };
      this.#streams.set(id, request);
      this.#port.postMessage(request);
      return () => {
        this.#waiting.delete(id);
        this.#streams.delete(id);
        this.#port.postMessage({ id, unsubscribe: true } satisfies Request);
      };
    });
  }

  #connect(): MessagePort {
    const port = this.#open();
    port.addEventListener('message', ({ data }: MessageEvent<Response | typeof LOST>) => {
      if (data === LOST) this.#reconnect();
      else this.#waiting.get(data.id)?.(data);
    });
    port.start();
    return port;
  }

  #reconnect(): void {
    this.#port = this.#connect();
    for (const [id, answer] of this.#waiting) {
      if (!this.#streams.has(id)) answer({ id, error: 'the page that had the broker is gone' });
    }
    for (const request of this.#streams.values()) this.#port.postMessage(request);
    this.lost$.next();
  }
}

/**
 * The side that is called. Its streams end when the port is closed; not every browser tells that,
 * so it answers how to end them.
 */
export function serveRpc(port: RpcPort, { calls, streams }: Services): () => void {
  const subscriptions = new Map<number, Subscription>();
  const end = (): void => {
    for (const subscription of subscriptions.values()) subscription.unsubscribe();
    subscriptions.clear();
  };
  const answer = (response: Response): void => port.postMessage(response);
  port.addEventListener('message', ({ data }) => {
    const request = data as Request;
    const { id } = request;
    const fail = (error: unknown): void =>
      answer({ id, error: error instanceof Error ? error.message : String(error) });
    if ('unsubscribe' in request) {
      subscriptions.get(id)?.unsubscribe();
      subscriptions.delete(id);
    } else if ('subscribe' in request) {
      const open = streams[request.subscribe]!;
      subscriptions.set(id, open(...request.parameters as never[]).subscribe({
        next: (next) => answer({ id, next }),
        error: fail,
      }));
    } else {
      const run = async (): Promise<unknown> =>
        calls[request.call]!(...[...request.parameters, ...portOf(request)] as never[]);
      run().then((value) => answer({ id, value }), fail);
    }
  });
  port.addEventListener('close', end);
  return end;
}

function portOf({ port }: { readonly port?: MessagePort }): readonly MessagePort[] {
  return port === undefined ? [] : [port];
}
