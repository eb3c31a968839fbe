import { finalize } from 'rxjs';
import {
  BufferPool, limits, type Authenticator, type Broker, type Clock, type Identity, type Serve,
} from '../../core/index.ts';
import { AmqpError } from '../../core/protocol/index.ts';
import {
  relayed, type Firewall, type RelayClient, type RelayedConnection, type RelayHost, type RelayNode,
  type UpstreamLogin,
} from '../../core/relay/index.ts';
import { nodeDial } from '../dial.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { UpstreamAddress, UpstreamVhost } from './addresses.ts';
import { UpstreamNode, UpstreamNodes } from './nodes.ts';
import type { OwnLogins } from './own-logins.ts';
import { firewallOf, type ClientRule } from './rules.ts';
import { userOf, type UpstreamUser, type UpstreamUsers } from './users.ts';

/** What is relayed, and for whom. */
export interface UpstreamOptions {
  /** Nodes to relay to; several lists are one. */
  readonly upstream?: readonly UpstreamAddress[] | undefined;
  /** Virtual hosts that are relayed. Default: all. */
  readonly upstreamVhosts?: readonly UpstreamVhost[] | undefined;
  /** The upstream's users by those of this gateway. Default: logins are passed through. */
  readonly upstreamUsers?: UpstreamUsers | undefined;
  /** What clients may do. Default: what the upstream lets them. */
  readonly upstreamRules?: readonly ClientRule[] | undefined;
}

/** Memory that goes over a relay belongs to the chunks it came in, and is not lent again. */
class ForeignBuffers extends BufferPool {
  override give(): void {}
}

/** What a relay is made of beside its options. */
export type RelayParts = Pick<RelayHost, 'mechanisms' | 'clock'> & {
  readonly broker: Broker;
  readonly log: Log;
  readonly ownLogins: Pick<OwnLogins, 'has'>;
};

/** Relays clients to the nodes of an upstream, each by a connection of its own. */
export class Relay implements RelayHost {
  readonly clock: Clock;
  readonly pool: BufferPool = new ForeignBuffers();
  readonly mechanisms: RelayHost['mechanisms'];
  readonly untunedFrameBytesMax: number;
  readonly authenticator: Authenticator | undefined;
  offered = {
    channelMax: limits.channelsMax, frameMax: limits.frameBytesMax,
    heartbeat: limits.heartbeatSeconds,
  };
  readonly #connections = new Set<RelayedConnection>();
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #options: UpstreamOptions;
  readonly #ownLogins: RelayParts['ownLogins'];
  readonly #default: UpstreamNodes | undefined;
  readonly #byVhost = new Map<string, UpstreamNodes | undefined>();
  readonly #userByVhost = new Map<string, UpstreamUser>();
  readonly #user: UpstreamUser | undefined;
  #number = 0;
  #isStopping = false;

  constructor(options: UpstreamOptions, parts: RelayParts) {
    const { broker, log, clock, mechanisms, ownLogins } = parts;
    this.#options = options;
    this.#broker = broker;
    this.#log = log;
    this.#ownLogins = ownLogins;
    this.clock = clock;
    this.untunedFrameBytesMax = broker.options.untunedFrameBytesMax ?? limits.frameBytesMin;
    const dial = nodeDial({ clock, pool: this.pool });
    const nodesOf = (addresses: readonly UpstreamAddress[]): UpstreamNodes => new UpstreamNodes(
      addresses.flatMap(({ endpoints }) => endpoints)
        .map((endpoint) => new UpstreamNode(endpoint, dial, clock, log)));
    const { upstream = [], upstreamVhosts = [], upstreamUsers } = options;
    this.#default = upstream.length === 0 ? undefined : nodesOf(upstream);
    for (const { name, upstream: own } of upstreamVhosts) {
      this.#byVhost.set(name, own === undefined ? this.#default : nodesOf([own]));
    }
    for (const { name, upstream: own } of upstreamVhosts) {
      if (own?.user !== undefined) this.#userByVhost.set(name, own.user);
    }
    this.#user = upstream.find(({ user }) => user !== undefined)?.user;
    const isMapped = upstreamUsers !== undefined || this.#user !== undefined
      || this.#userByVhost.size > 0;
    this.authenticator = isMapped ? broker.authenticator : undefined;
    // Whom a certificate names has no password that could be passed through.
    this.mechanisms = isMapped ? mechanisms : mechanisms.filter((name) => name !== 'EXTERNAL');
  }

  readonly serve: Serve = (inbound, link) => {
    let connection: RelayedConnection | undefined;
    const serve = relayed(this, `relayed-${++this.#number}`, (made) => {
      connection = made;
      this.#connections.add(made);
    });
    return serve(inbound, link).pipe(finalize(() => {
      if (connection !== undefined) this.#connections.delete(connection);
    }));
  };

  get serverProperties() {
    return this.#broker.serverProperties;
  }

  get tellsRefusals(): boolean {
    return this.#broker.compatibility.refusedLogin === 'close';
  }

  get framesObserved(): boolean {
    return this.#broker.events.framesObserved;
  }

  loginOf(identity: Identity, vhost: string): UpstreamLogin {
    const found = userOf(this.#options.upstreamUsers ?? {}, identity)
      ?? this.#userByVhost.get(vhost) ?? this.#user;
    if (found === undefined) {
      throw new AmqpError('ACCESS_REFUSED',
        `the user '${identity.user}' stands for none of the upstream`, [0, 0]);
    }
    const { user, password } = found;
    return { mechanism: 'PLAIN', response: new TextEncoder().encode(`\0${user}\0${password}`) };
  }

  nodesFor(vhost: string): Iterable<RelayNode> | undefined {
    if (this.#isStopping) return [];
    if (this.#byVhost.has(vhost)) return this.#byVhost.get(vhost)?.inOrder();
    const isForSome = this.#options.upstreamVhosts?.some(({ upstream }) => upstream === undefined);
    return isForSome === true ? undefined : this.#default?.inOrder();
  }

  firewallFor({ info, identity }: RelayClient): Firewall | undefined {
    const token = identity === undefined || this.#ownLogins.has(identity) ? undefined : identity;
    return firewallOf(this.#options.upstreamRules, info, token, this.clock);
  }

  emit: RelayHost['emit'] = (event, connection) => {
    this.#broker.events.emit({ ...event, connection });
  };

  emitFrame(id: string, direction: 'in' | 'out', bytes: Uint8Array): void {
    this.#broker.events.emitFrame(id, direction, bytes);
  }

  warn(text: string, facts: Readonly<Record<string, unknown>>): void {
    this.#log.write('gateway', 'warn', text, facts);
  }

  /** Closes all connections with 320, and lets nobody in any more. */
  stop(): void {
    this.#isStopping = true;
    const error = new AmqpError('CONNECTION_FORCED', 'the gateway is shutting down', [0, 0]);
    for (const connection of this.#connections) connection.close(error);
  }
}

/** Errors: StartError where what is set contradicts itself, or means nothing. */
export function checkUpstream(options: UpstreamOptions): void {
  const { upstream = [], upstreamVhosts = [], upstreamUsers, upstreamRules } = options;
  const vhost = upstreamVhosts.find((each) => each.upstream === undefined);
  if (upstream.length === 0 && vhost !== undefined) {
    throw new StartError(`The virtual host '${vhost.name}' is to be relayed: --upstream has to say `
      + 'where.');
  }
  if (upstream.length > 0 || upstreamVhosts.length > 0) return;
  const lonely = upstreamUsers !== undefined ? '--upstream-users'
    : upstreamRules !== undefined ? '--upstream-rules' : undefined;
  if (lonely === undefined) return;
  throw new StartError(`${lonely} is about relayed clients: --upstream has to say where to.`);
}

/** A relay, where anything is to be relayed. */
export function relayOf(options: UpstreamOptions, parts: RelayParts): Relay | undefined {
  const { upstream = [], upstreamVhosts = [] } = options;
  if (upstream.length === 0 && upstreamVhosts.length === 0) return undefined;
  return new Relay(options, parts);
}
