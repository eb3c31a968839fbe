import type { Broker } from '../broker/broker.ts';
import type { Guard } from '../broker/access/guard.ts';
import type { ServerChannel } from '../broker/connection/server-channel.ts';
import type { ServerConnection } from '../broker/connection/server-connection.ts';
import type { Exchange } from '../broker/exchange/exchange.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import type { PeerInfo } from '../ports.ts';
import { excessOf } from '../protocol/short-string.ts';
import { badRequest, notFound, objectNotFound } from './api-error.ts';
import type { Caller } from './caller.ts';
import { sampleRequestOf } from './lists/sample-request.ts';
import type { View } from './lists/table.ts';
import type { LoginAttempts } from './login-attempts.ts';
import type { Sessions } from './sessions.ts';
import type { Statistics } from './statistics/statistics.ts';
import type { World } from './world.ts';

/** What a request brings along. */
export interface CallFacts {
  readonly broker: Broker;
  readonly world: World;
  readonly sessions: Sessions;
  readonly caller: Caller;
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Undefined in process. */
  readonly request: Request | undefined;
  readonly peer: PeerInfo;
  readonly attempts: LoginAttempts;
  readonly statistics: Statistics;
}

/** One request, with the things that its path names. */
export class Call implements CallFacts {
  readonly broker: Broker;
  readonly world: World;
  readonly sessions: Sessions;
  readonly caller: Caller;
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: Request | undefined;
  readonly peer: PeerInfo;
  readonly attempts: LoginAttempts;
  readonly statistics: Statistics;

  constructor(facts: CallFacts) {
    this.broker = facts.broker;
    this.world = facts.world;
    this.sessions = facts.sessions;
    this.caller = facts.caller;
    this.names = facts.names;
    this.query = facts.query;
    this.request = facts.request;
    this.peer = facts.peer;
    this.attempts = facts.attempts;
    this.statistics = facts.statistics;
  }

  /** A name of the path. Errors: 400 where it is longer than a name can be. */
  name(key: string): string {
    const name = this.names[key]!;
    const excess = excessOf(`the ${key}`, name);
    if (excess !== undefined) throw badRequest(excess);
    return name;
  }

  /** Whether the query says `true` of this. */
  wants(key: string): boolean {
    return this.query.get(key) === 'true';
  }

  /** What the keys of an object are worked out from beside the thing that it is of. */
  get view(): View {
    const { broker, statistics, query } = this;
    return { broker, statistics, samples: sampleRequestOf(query) };
  }

  /** The virtual hosts whose things the caller is shown. */
  get vhosts(): readonly VirtualHost[] {
    return [...this.broker.vhosts.values()].filter(({ name }) => this.caller.sees(name));
  }

  /** The connections that the caller is shown: all of them, or those of the user. */
  get connections(): readonly ServerConnection[] {
    const { broker, caller: { isMonitor, user } } = this;
    return [...broker.connections].filter(({ info, identity }) => (
      info.vhost !== '' && (isMonitor || identity.user === user)));
  }

  /** The channels of these. */
  get channels(): readonly ServerChannel[] {
    return this.connections.flatMap(({ channels }) => [...channels]);
  }

  /** The virtual host of the path. Errors: 404. */
  get vhost(): VirtualHost {
    const vhost = this.broker.vhosts.get(this.name('vhost'));
    if (vhost === undefined) throw notFound('vhost_not_found');
    return vhost;
  }

  /** What the caller may do in the virtual host of the path. Errors: 401. */
  get guard(): Guard {
    return this.caller.guard(this.vhost.name);
  }

  /** The queue of the path. Errors: 404. */
  get queue(): Queue {
    return this.vhost.queue(this.name('queue'));
  }

  /** The exchange of the path; the default one is `amq.default` there. Errors: 404. */
  get exchange(): Exchange {
    return this.vhost.exchange(exchangeNamed(this.name('exchange')));
  }

  /** Something that the path names, or 404. */
  found<T>(thing: T | undefined): T {
    if (thing === undefined) throw objectNotFound();
    return thing;
  }
}

/** The name of an exchange as it stands in a path. */
export function exchangeNamed(name: string): string {
  return name === 'amq.default' ? '' : name;
}
