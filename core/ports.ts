import type { Observable } from 'rxjs';

/** Undoes what returned it; calling it twice does nothing. */
export type Cancel = () => void;

/**
 * Time, as the only thing that may wait. Tests and the playground pass a virtual one.
 * Milliseconds everywhere.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  now(): number;
  /** Wall-clock milliseconds since 1970-01-01 UTC, for time stamps that leave the broker. */
  wall(): number;
  /**
   * Runs `run` once, `delayMs` from now (at least 0; no upper limit). `what` says what waits, to
   * whoever looks at a virtual clock.
   */
  setTimer(delayMs: number, run: () => void, what?: string): Cancel;
  /** Runs `run` soon, after the present turn and before any timer that is not yet due. */
  defer(run: () => void): void;
}

/** A number in [0, 1); seeded in tests. */
export type Random = () => number;

/** What is known of the other end of a link. */
export interface PeerInfo {
  readonly transport: 'tcp' | 'websocket' | 'memory';
  /** Numeric address of the peer, or '' where there is none. */
  readonly address: string;
  readonly port: number;
  /** Whether the peer is on this machine (or in this process): guest may log in. CON-12. */
  readonly loopback: boolean;
  /** Whether the link is encrypted. */
  readonly secure: boolean;
  /**
   * Whom the certificate names that the client showed and that an authority of ours signed, where
   * clients may log in by it. Absent: nobody.
   */
  readonly certificateName?: string | undefined;
  /** Origin of the page that connects, as its browser says. Absent: it is no page. */
  readonly origin?: string | undefined;
  /** Where the peer came in; absent where there is no address. */
  readonly local?: { readonly address: string; readonly port: number };
}

/** One end of a byte stream as its adapter shows it, beside the stream itself. */
export interface Link {
  readonly peer: PeerInfo;
  /** False while the transport holds too many unsent bytes. Absent: always true. */
  readonly writable$?: Observable<boolean>;
  /** Stops or resumes reading from the peer. Absent: the adapter cannot pause. */
  setReading?(on: boolean): void;
  /** The peer has opened a connection, and is no stranger any more. Absent: nobody asks. */
  opened?(): void;
}

/**
 * A connection as a function of its inbound chunks. Outbound chunks are whole frames.
 * Unsubscribing means that the transport is lost; completion of the outbound means flush, then
 * close; completion or error of the inbound means that the peer is gone.
 * An outbound chunk belongs to the receiver, who may give it back through `BufferPool.give`. An
 * inbound chunk belongs to the connection, which may read a part of it later: the sender does not
 * write to it again.
 */
export type Serve = (inbound: Observable<Uint8Array>, link: Link) => Observable<Uint8Array>;

/** Where a machine puts its output. */
export interface Sink {
  /** Hands over whole frames; the machine never touches these bytes again. */
  send(bytes: Uint8Array): void;
  /** Flush what was sent, then close. */
  end(): void;
  setReading(on: boolean): void;
  /** Whether what is sent waits here, heartbeats aside. Absent: never. */
  readonly holds?: boolean;
}

/** A protocol automaton without I/O. */
export interface Machine {
  receive(chunk: Uint8Array): void;
  /** The peer's stream ended (or failed). */
  receiveEnd(error?: unknown): void;
  setWritable(on: boolean): void;
  /** The transport is gone; nothing more can be sent. */
  abort(): void;
}

/** What a client says of itself when it logs in. */
export interface Credentials {
  readonly mechanism: string;
  readonly user: string;
  readonly password: string;
}

/** Counts changes; it is one object, which is looked at before each publish. */
export interface Changes {
  readonly version: number;
}

/**
 * A user who may enter, and what that user may do: asked again whenever `changes` has another
 * version. Where the answer has to come from elsewhere, `mayOpen`, `may` and `mayUseTopic` throw
 * `AnswerAwaited`, and are asked again when it is there.
 */
export interface Identity {
  readonly user: string;
  readonly tags: readonly string[];
  /** Whether the user may open this virtual host. */
  mayOpen(vhost: string): boolean;
  /**
   * Whether the user may do this to a queue or an exchange; the name of the default exchange is
   * ''. Absent: everything.
   */
  may?(
    permission: 'configure' | 'write' | 'read', kind: 'queue' | 'exchange', name: string,
    vhost: string,
  ): boolean;
  /**
   * Whether the user may publish to a topic exchange with this routing key (write), or bind with
   * it (read). Absent: with every key.
   */
  mayUseTopic?(
    permission: 'write' | 'read', exchange: string, vhost: string, routingKey: string,
  ): boolean;
  /**
   * Whether `mayUseTopic` may ever answer no for this topic exchange; if not, it is not asked for
   * each key. Absent: it may.
   */
  limitsTopics?(exchange: string, vhost: string): boolean;
  /** Has another version when an answer may be another one than before. Absent: it never is. */
  readonly changes?: Changes;
  /**
   * When it ends, in milliseconds since 1970: the connection is closed with 320 then. Absent:
   * never.
   */
  readonly expiresAt?: number;
  /** Why nothing is allowed by now, as a clause that the client is told. Absent: no such reason. */
  readonly whyNot?: string | undefined;
  /**
   * Takes another secret in place of the one that it came with (connection.update-secret). Emits
   * once: a refusal, or undefined where the secret is taken. Absent: every one is, and changes
   * nothing.
   */
  renew?(secret: string): Observable<LoginRefusal | undefined>;
}

/** Why somebody may not log in, as the client is told. */
export interface LoginRefusal {
  /** A sentence without a full stop. */
  readonly refused: string;
}

/**
 * Decides who may log in. Emits one Identity, or a refusal, which is undefined where the client is
 * not to know why (reply code 403 on the connection, CON-10). Emit synchronously where the answer
 * is at hand.
 */
export interface Authenticator {
  /** Emits once: an identity, a refusal that says why, or undefined where the login is wrong. */
  authenticate(
    credentials: Credentials, peer: PeerInfo,
  ): Observable<Identity | LoginRefusal | undefined>;
}
