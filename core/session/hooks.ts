import type { AmqpError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { BufferPool } from '../protocol/buffer-pool.ts';
import type { Content } from '../protocol/content.ts';
import type { MethodArgs, MethodName } from '../protocol/types.ts';

/** A method with its arguments, as a discriminated union over the names. */
export type Method<N extends MethodName = MethodName> = {
  [K in N]: { readonly name: K; readonly args: MethodArgs<K> };
}[N];

/** Why a session ended. */
export interface SessionEnd {
  /** The violation that ended it, sent or received; absent on an orderly close. */
  readonly error?: AmqpError | undefined;
  /** Who began: we, the peer, or the transport that was lost. */
  readonly by: 'us' | 'peer' | 'transport';
  /** Why we gave the transport up; absent where it was lost. */
  readonly why?: string | undefined;
}

/** What a role adds to the automaton. */
export interface SessionHooks {
  /** The protocol header was exchanged; the server sends connection.start now. */
  onHeader(): void;
  /** A legal method of the peer, after its state transition. Throw AmqpError to refuse it. */
  onMethod(channel: number, method: Method): void;
  /** The peer began to send a message. */
  onContentBegin?(): void;
  /** A whole message of the peer; valid during the call. Throw AmqpError to refuse it. */
  onContent(channel: number, content: Content): void;
  /** A channel ended, by either side; its resources must go before this returns. */
  onChannelEnd(channel: number, error: AmqpError | undefined): void;
  /** Called once: the session ends, and every resource must go before this returns. */
  onEnd(end: SessionEnd): void;
  /** Runs `then` when all is gone that goes with the session. Absent: when `onEnd` has returned. */
  whenEnded?(then: () => void): void;
  /** Whether what came may be read now. Absent: always. If not, or not all: see `onInputHeld`. */
  mayRead?(): boolean;
  /** All frames of the chunk were read, or it was stopped behind one. */
  onChunkEnd(): void;
  /** Input waits: `goOn` reads on in it. */
  onInputHeld?(): void;
  onWritable(on: boolean): void;
  /** Something threw that is no AmqpError: a bug of ours, answered with 541. */
  onFault(fault: unknown): void;
}

export interface SessionEnv {
  readonly clock: Clock;
  readonly pool: BufferPool;
  /** Time from the first byte until the connection is open. Default: the limit of the broker. */
  readonly handshakeMs?: number;
  /** Largest frame that a server takes before it is tuned. Default: what each has to take. */
  readonly untunedFrameBytesMax?: number | undefined;
  /** Largest body that is taken from the peer. Default: the limit of the broker. */
  readonly messageBytesMax?: number;
}

/** Sees whole frames, in and out; set only while somebody looks. */
export type FrameTap = (direction: 'in' | 'out', bytes: Uint8Array) => void;
