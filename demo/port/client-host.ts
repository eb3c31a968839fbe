import type { Observable } from 'rxjs';

/** Which library the code is written for; the name that it imports. */
export type ClientLibrary = '@cloudamqp/amqp-client' | 'tabmq/client' | 'raw';

/** A client to run: a producer, a consumer, or both. */
export interface ClientSpec {
  /** Unique; also the name of its node and of its tab in the editor. */
  readonly name: string;
  /** Source as the user sees it: an ES module, TypeScript or JavaScript. */
  readonly code: string;
  readonly library: ClientLibrary;
}

/**
 * `running`: it answered when it was asked last. `busy`: it has not, for two seconds of the wall.
 * `paused`: nothing reaches it. `killed`: it crashed because it was told to. `failed`: its code
 * threw, or flooded the broker.
 */
export type ClientStatus = 'starting' | 'running' | 'busy' | 'paused' | 'killed' | 'failed';

export interface ClientView {
  readonly name: string;
  readonly code: string;
  readonly library: ClientLibrary;
  /** Its place among all clients that were started since the last reset: a restart changes it. */
  readonly run: number;
  readonly status: ClientStatus;
  /** `seq` of the last event of the tap before it was started, and before it ended; 0: it runs. */
  readonly startedAfter: number;
  readonly endedAfter: number;
  /** It ended because the page that had its Worker is gone. */
  readonly orphaned: boolean;
  /** Its connections, as the broker names them. */
  readonly connections: readonly string[];
  /** Why it failed; '' where it did not. `line` counts from 1; 0: not known. */
  readonly error: string;
  readonly line: number;
  /** Virtual milliseconds that each of its messages takes. */
  readonly delayMs: number;
  /** Timers that it had set when it ended: what it had begun and will never finish. */
  readonly unfinished: number;
}

/** A line that a client wrote to its console. */
export interface ClientLog {
  readonly client: string;
  /** Virtual milliseconds. */
  readonly at: number;
  readonly level: 'log' | 'info' | 'warn' | 'error';
  readonly text: string;
}

/** Something that an Observable of a client's code did. */
export interface Marble {
  readonly client: string;
  /** As `ClientView.run` has it: a restart begins new lines. */
  readonly run: number;
  /** Virtual milliseconds. */
  readonly at: number;
  /** Line of the code that made it, from 1, and the function that it called: `switchMap`. */
  readonly line: number;
  readonly name: string;
  readonly kind: 'next' | 'complete' | 'error';
  /** The value in a few words; '' where it has none. */
  readonly text: string;
}

/** Runs client code, each in a Worker of its own that can see nothing but its broker. */
export interface ClientHost {
  /** All clients in the order of their start; starts with the present ones. */
  readonly clients$: Observable<readonly ClientView[]>;
  /** Starts with the last 1,000 lines. */
  readonly logs$: Observable<ClientLog>;
  /** What Observables do in code that is written with RxJS; starts with the last 1,000. */
  readonly marbles$: Observable<Marble>;
  /**
   * Starts it, or crashes and starts it anew where one has the name. Code that cannot be compiled
   * makes it a client that failed.
   */
  start(spec: ClientSpec): Promise<void>;
  /** Ends its Worker at once: a crash, with no chance to say goodbye. */
  kill(name: string): Promise<void>;
  /** Kills it and forgets it. */
  remove(name: string): Promise<void>;
  /** While paused nothing reaches it: no frame, no timer. The broker does not know. */
  setPaused(name: string, paused: boolean): Promise<void>;
  /** Each message to it, and each from it, takes so many virtual milliseconds: a slow line. */
  setDelay(name: string, delayMs: number): Promise<void>;
}
