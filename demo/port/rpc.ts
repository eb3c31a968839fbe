/** Calls and streams over a MessagePort, between a page and the worker of its broker. */
import { Observable, type Subscription } from 'rxjs';

type Request =
  | { readonly id: number; readonly call: string; readonly parameters: readonly unknown[] }
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

/** What is used of a MessagePort, or of a Worker. */
export interface RpcPort {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** The calling side. */
export class RpcClient {
  readonly #port: RpcPort;
  readonly #waiting = new Map<number, (response: Response) => void>();
  #last = 0;

  constructor(port: RpcPort) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => {
      const response = data as Response;
      this.#waiting.get(response.id)?.(response);
    });
  }

  /** Rejects with what the service threw. Ports among the parameters are handed over. */
  call<T>(call: string, ...parameters: readonly unknown[]): Promise<T> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (response) => {
        this.#waiting.delete(id);
        if ('error' in response) reject(new Error(response.error));
        else if ('value' in response) resolve(response.value as T);
      });
      this.#post({ id, call, parameters }, portsIn(parameters));
    });
  }

  stream<T>(subscribe: string, ...parameters: readonly unknown[]): Observable<T> {
    return new Observable((subscriber) => {
      const id = ++this.#last;
      this.#waiting.set(id, (response) => {
        if ('error' in response) subscriber.error(new Error(response.error));
        else if ('next' in response) subscriber.next(response.next as T);
      });
      this.#post({ id, subscribe, parameters }, []);
      return () => {
        this.#waiting.delete(id);
        this.#post({ id, unsubscribe: true }, []);
      };
    });
  }

  #post(request: Request, transfer: Transferable[]): void {
    this.#port.postMessage(request, transfer);
  }
}

/** The side that is called; ends with the port. */
export function serveRpc(port: RpcPort, { calls, streams }: Services): void {
  const subscriptions = new Map<number, Subscription>();
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
        calls[request.call]!(...request.parameters as never[]);
      run().then((value) => answer({ id, value }), fail);
    }
  });
}

function portsIn(parameters: readonly unknown[]): Transferable[] {
  return parameters.filter((each): each is MessagePort => each instanceof MessagePort);
}
