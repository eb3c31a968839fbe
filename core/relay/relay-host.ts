import type { Observable } from 'rxjs';
import type { ConnectionEventBody } from '../broker/connection/connection-event.ts';
import type { ConnectionInfo } from '../broker/events/events.ts';
import type { Authenticator, Clock, Identity, Serve } from '../ports.ts';
import type { BufferPool } from '../protocol/buffer-pool.ts';
import type { FieldTable } from '../protocol/types.ts';
import type { Mechanism } from '../session/sasl.ts';
import type { Tuning } from '../session/tune.ts';
import type { Firewall } from './firewall.ts';

/** How a relay logs in upstream. */
export interface UpstreamLogin {
  readonly mechanism: string;
  readonly response: Uint8Array;
}

/** A node that connections may be relayed to. */
export interface RelayNode {
  /** Its address, for logs. */
  readonly name: string;
  dial(serve: Serve): Observable<never>;
  /** A connection to it was opened; answers what to call when that is gone. */
  opened(): () => void;
  /** It could not be reached, or broke off before it let anybody in. */
  failed(reason: string): void;
}

/** Who a client is, once it has said what it wants to open. */
export interface RelayClient {
  readonly info: ConnectionInfo;
  /** Absent: its login is passed through, and the upstream knows who it is. */
  readonly identity: Identity | undefined;
}

/** What relayed connections need of whoever relays. */
export interface RelayHost {
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly serverProperties: FieldTable;
  readonly mechanisms: readonly Mechanism[];
  /** Largest frame before the connection is tuned. */
  readonly untunedFrameBytesMax: number;
  /** Whether a client is told that its login was refused though it did not say that it can be. */
  readonly tellsRefusals: boolean;
  /** What clients are offered: no more than the upstream takes, as far as that is known. */
  offered: Tuning;
  /** Who may log in. Absent: logins are passed through. */
  readonly authenticator: Authenticator | undefined;
  /** Whether somebody looks at frames. */
  readonly framesObserved: boolean;
  /** How a login goes on at the upstream. Errors: 403 where there is none. */
  loginOf(identity: Identity, vhost: string): UpstreamLogin;
  /** The nodes to try, in this order; undefined: nothing is relayed for this virtual host. */
  nodesFor(vhost: string): Iterable<RelayNode> | undefined;
  /** What the client may do; undefined: everything. Errors: 403, 530 where it may not come in. */
  firewallFor(client: RelayClient): Firewall | undefined;
  emit(event: ConnectionEventBody, connection: ConnectionInfo): void;
  emitFrame(id: string, direction: 'in' | 'out', bytes: Uint8Array): void;
  /** Something of the relay's own failed. */
  warn(text: string, facts: Readonly<Record<string, unknown>>): void;
}
