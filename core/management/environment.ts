import type { PeerInfo } from '../ports.ts';

/** A call of this process: it brings a value, and takes one. */
export interface InProcess {
  readonly body: unknown;
  /** Is given the answer, in place of a response that has it as text. */
  readonly answer: (status: number, body: unknown) => void;
}

/** What comes with a request beside itself. */
export interface AppEnv {
  Bindings: {
    /** Who is at the other end. */
    readonly peer: PeerInfo;
    /** Undefined: it came over HTTP. */
    readonly inProcess: InProcess | undefined;
  };
}
