import type { Broker } from '../broker/broker.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import { SettingError } from '../broker/definition/setting-error.ts';
import { AmqpError } from '../errors.ts';
import { exportDefinitions, importDefinitions } from './definitions.ts';
import {
  argumentsOf, flagOf, propertiesOf, shortText, tableOf, textOf, type Item,
} from './fields.ts';
import { peek, type PeekOptions } from './messages.ts';
import { deleteMessages, moveMessages } from './removal.ts';
import { topologyView } from './topology.ts';
import {
  bindingView, channelView, connectionView, consumerView, exchangeView, overview, queueView,
} from './views.ts';

/** A request as `Request` has it, with a body that is a value already. */
export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query: `/api/queues/%2F/tasks/messages?count=8`. */
  readonly path: string;
  readonly body?: unknown;
}

/** An answer; `body` is a value that structured clone can copy. An error: `{ reason }`. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

export type Api = (request: ApiRequest) => Promise<ApiResponse>;

interface Call {
  readonly broker: Broker;
  /** Decoded segments of the path where the pattern has `*`. */
  readonly names: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  /** The body as it came, and as the JSON object that it is to be: else it throws. */
  readonly value: unknown;
  readonly body: Item;
}

type Handler = (call: Call) => unknown;

/**
 * Management of a broker, after RabbitMQ's HTTP API: a function of a request, so that a tab calls
 * it and a gateway can serve it. What RabbitMQ has not got: `GET .../messages` shows messages of a
 * queue without taking them, `POST .../messages/move` and `.../delete` take single ones out, and
 * `GET /api/topology` is all that a picture needs in one answer.
 */
export function managementApi(broker: Broker): Api {
  return async ({ method = 'GET', path, body }) => {
    const [pathname = '', search = ''] = path.split('?', 2);
    const segments = pathname.split('/').filter((segment) => segment !== '').slice(1);
    const fitting = routes.filter((route) => fits(route, segments));
    if (fitting.length === 0) return failed(404, `no such resource: ${pathname}`);
    const found = fitting.find((route) => route.method === method);
    if (found === undefined) return failed(405, `${method} is not for ${pathname}`);
    try {
      const names = segments.filter((_, i) => found.pattern[i] === '*')
        .map((name) => shortText(decodeURIComponent(name), 'a name of the path'));
      const call: Call = {
        broker, names, query: parseQuery(search), value: body ?? {},
        get body() {
          return tableOf(this.value, 'the body');
        },
      };
      return { status: 200, body: (await found.handle(call)) ?? null };
    } catch (error) {
      return errorResponse(error);
    }
  };
}

interface Route {
  readonly method: NonNullable<ApiRequest['method']>;
  readonly pattern: readonly string[];
  readonly handle: Handler;
}

const get = (pattern: string, handle: Handler): Route => on('GET', pattern, handle);

function on(method: Route['method'], pattern: string, handle: Handler): Route {
  return { method, pattern: pattern.split('/'), handle };
}

const routes: readonly Route[] = [
  get('overview', ({ broker }) => overview(broker)),
  get('topology', ({ broker, query }) => topologyView(broker, query.get('vhost'))),
  get('vhosts', ({ broker }) => [...broker.vhosts.keys()].map((name) => ({ name }))),
  get('vhosts/*', (call) => ({ name: vhostOf(call).name })),
  on('PUT', 'vhosts/*', ({ broker, names }) => makeVhost(broker, names[0]!)),
  on('DELETE', 'vhosts/*', (call) => call.broker.removeVhost(vhostOf(call))),
  get('definitions', ({ broker }) => exportDefinitions(broker)),
  on('POST', 'definitions', ({ broker, value }) => importDefinitions(broker, value)),

  get('exchanges', (call) => vhosts(call).flatMap(exchangesOf)),
  get('exchanges/*', (call) => exchangesOf(vhostOf(call))),
  get('exchanges/*/*', (call) => exchangeView(vhostOf(call).exchange(call.names[1]!))),
  on('PUT', 'exchanges/*/*', (call) => {
    vhostOf(call).declareExchange({
      exchange: call.names[1]!, type: textOf(call.body, 'type', 'direct'), ...flagsOf(call),
      internal: flagOf(call.body, 'internal'),
    });
  }),
  on('DELETE', 'exchanges/*/*', (call) => {
    const vhost = vhostOf(call);
    vhost.removeExchange(vhost.exchange(call.names[1]!));
  }),
  on('POST', 'exchanges/*/*/publish', publish),

  get('queues', (call) => vhosts(call).flatMap(queuesOf)),
  get('queues/*', (call) => queuesOf(vhostOf(call))),
  get('queues/*/*', (call) => queueView(queueOf(call))),
  on('PUT', 'queues/*/*', (call) => {
    vhostOf(call).declareQueue({ queue: call.names[1]!, ...flagsOf(call) });
  }),
  on('DELETE', 'queues/*/*', (call) => vhostOf(call).removeQueue(queueOf(call))),
  on('DELETE', 'queues/*/*/contents', (call) => ({ message_count: queueOf(call).purge() })),
  get('queues/*/*/messages', (call) => peek(call.broker, queueOf(call), peekOptions(call))),

  on('POST', 'queues/*/*/messages/delete', (call) => (
    deleteMessages(call.broker, queueOf(call), idsOf(call)))),
  on('POST', 'queues/*/*/messages/move', (call) => (
    moveMessages(call.broker, queueOf(call), idsOf(call), targetOf(call)))),

  get('bindings', (call) => vhosts(call).flatMap(bindingsOf)),
  get('bindings/*', (call) => bindingsOf(vhostOf(call))),
  get('consumers', (call) => vhosts(call).flatMap((vhost) => [...vhost.queues.values()])
    .flatMap((queue) => queue.consumers.all.map(consumerView))),
  get('connections', ({ broker }) => [...broker.connections].map(connectionView)),
  on('DELETE', 'connections/*', ({ broker, names }) => {
    const connection = [...broker.connections].find(({ info }) => info.id === names[0]);
    if (connection === undefined) throw new AmqpError('NOT_FOUND', `no connection '${names[0]!}'`);
    connection.close(new AmqpError('CONNECTION_FORCED', 'Closed via management plugin'));
  }),
  get('channels', ({ broker }) => [...broker.connections]
    .flatMap((connection) => [...connection.channels].map(channelView))),
];

/** In process nobody asks in the name of a user, so whoever administers the broker may open it. */
function makeVhost(broker: Broker, name: string): void {
  if (broker.vhosts.has(name)) return;
  broker.ensureVhost(name);
  const { users, permissions } = broker.access;
  const all = { configure: '.*', write: '.*', read: '.*' };
  for (const { name: user, tags } of users.list) {
    if (tags.includes('administrator')) permissions.set(user, name, all);
  }
}

function fits({ pattern }: Route, segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, i) => part === '*' || part === segments[i]);
}

function vhosts({ broker }: Call): VirtualHost[] {
  return [...broker.vhosts.values()];
}

function vhostOf({ broker, names }: Call): VirtualHost {
  const vhost = broker.vhosts.get(names[0]!);
  if (vhost === undefined) throw new AmqpError('NOT_FOUND', `no vhost '${names[0]!}'`);
  return vhost;
}

function queueOf(call: Call): Queue {
  const vhost = vhostOf(call);
  const queue = vhost.queues.get(call.names[1]!);
  if (queue === undefined) {
    throw new AmqpError('NOT_FOUND', `no queue '${call.names[1]!}' in vhost '${vhost.name}'`);
  }
  return queue;
}

/** The queue that `to` names, in the same virtual host. */
function targetOf(call: Call): Queue {
  const { to } = call.body;
  if (typeof to !== 'string') throw new TypeError('"to" must be the name of a queue');
  return vhostOf(call).queue(to);
}

/** The messages that `ids` names. */
function idsOf({ body: { ids } }: Call): readonly string[] {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids;
  throw new TypeError('"ids" must be a list of ids of messages');
}

function exchangesOf({ exchanges }: VirtualHost) {
  return [...exchanges.values()].map(exchangeView);
}

function queuesOf({ queues }: VirtualHost) {
  return [...queues.values()].map(queueView);
}

function bindingsOf({ exchanges }: VirtualHost) {
  return [...exchanges.values()].flatMap(({ bindings }) => [...bindings].map(bindingView));
}

function flagsOf({ body }: Call) {
  return {
    durable: flagOf(body, 'durable', true), autoDelete: flagOf(body, 'auto_delete'),
    arguments: argumentsOf(body),
  };
}

function peekOptions({ query }: Call): PeekOptions {
  const numberOf = (key: string): number | undefined => {
    const number = Number(query.get(key) ?? Number.NaN);
    return Number.isInteger(number) && number >= 0 ? number : undefined;
  };
  const [from, count, payloadBytes] = [numberOf('from'), numberOf('count'), numberOf('payload')];
  const state = query.get('state');
  const isState = state === 'ready' || state === 'unacked' || state === 'scheduled';
  return {
    ...(from !== undefined && { from }),
    ...(count !== undefined && { count }),
    ...(payloadBytes !== undefined && { payloadBytes }),
    ...(isState && { state }),
  };
}

/** Publishes as RabbitMQ's API does; `payload` is text or octets. */
function publish(call: Call): { routed: boolean } {
  const { payload = '' } = call.body;
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
    throw new TypeError('"payload" must be a text or octets');
  }
  const exchange = vhostOf(call).exchange(call.names[1] === 'amq.default' ? '' : call.names[1]!);
  return {
    routed: exchange.publish({
      routingKey: textOf(call.body, 'routing_key', ''), body: payload,
      properties: propertiesOf(call.body),
    }),
  };
}

function parseQuery(search: string): Map<string, string> {
  const pairs = search.split('&').filter((pair) => pair !== '').map((pair) => pair.split('=', 2));
  return new Map(pairs.map(([key = '', value = '']) => [key, decodeURIComponent(value)]));
}

function failed(status: keyof typeof errorNames, reason: string): ApiResponse {
  return { status, body: { error: errorNames[status], reason } };
}

const errorNames = {
  400: 'bad_request', 404: 'Object Not Found', 405: 'Method Not Allowed',
  500: 'Internal Server Error',
} as const;

/** What AMQP refuses is the caller's fault, but for 541; what is no refusal goes up. */
function errorResponse(error: unknown): ApiResponse {
  if (error instanceof AmqpError) {
    const { replyCode, replyText } = error;
    const status = replyCode === 404 ? 404 : replyCode === 541 ? 500 : 400;
    return failed(status, `${replyCode} ${replyText}`);
  }
  if (error instanceof SettingError) return failed(400, error.message);
  if (error instanceof TypeError || error instanceof URIError) return failed(400, error.message);
  throw error;
}
