import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultIfEmpty, firstValueFrom, fromEvent, takeUntil } from 'rxjs';
import type { Broker, Identity } from '../core/index.ts';
import type { Api, ApiRequest } from '../core/management/index.ts';
import type { Log } from './log.ts';
import type { OriginRule } from './origin.ts';
import { peerOf } from './tcp.ts';

const methods: Readonly<Record<string, ApiRequest['method']>> = {
  GET: 'GET', HEAD: 'GET', PUT: 'PUT', DELETE: 'DELETE',
};

/**
 * `/api/vhosts` of RabbitMQ's management API, for programs that make the virtual host they work
 * in: GET, PUT and DELETE, by users who log in as they do to AMQP.
 */
export class VirtualHostsApi {
  readonly #api: Api;
  readonly #broker: Broker;
  readonly #origins: OriginRule;
  readonly #log: Log;

  constructor(broker: Broker, api: Api, origins: OriginRule, log: Log) {
    this.#broker = broker;
    this.#api = api;
    this.#origins = origins;
    this.#log = log;
  }

  /** Answers a request for it; false: this path is not its own. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (!/^\/api\/vhosts(\/[^/]+)?\/?$/.test(path)) return false;
    // A body may come; what it says (tags, a description) is not kept.
    request.resume();
    this.#handle(path, request).then(
      ([status, body]) => send(response, status, body),
      (err: unknown) => {
        this.#log.write('gateway', 'error', 'a request failed', { path, err });
        send(response, 500, { error: 'internal_server_error' });
      },
    );
    return true;
  }

  async #handle(path: string, request: IncomingMessage): Promise<[status: number, body?: unknown]> {
    const { headers } = request;
    const method = methods[request.method ?? ''];
    if (method === undefined) return [405, { error: 'method_not_allowed' }];
    // A browser adds what it knows of a login to the requests of any page.
    if (!this.#origins.allows(headers.origin, headers.host)) return [403, { error: 'forbidden' }];
    const identity = await this.#identityOf(headers.authorization, request);
    if (identity === undefined) {
      return [401, { error: 'not_authorized', reason: 'Login failed' }];
    }
    if (!identity.tags.includes('administrator')) {
      return [401, { error: 'not_authorised', reason: 'Not administrator user' }];
    }
    // RabbitMQ answers 201 where there was none, and 204 to whoever asks again. API-11.
    const made = method === 'PUT' && (await this.#api({ path })).status === 404;
    const { status, body } = await this.#api({ method, path });
    if (made && status === 200) this.#let(identity, path);
    return body === null ? [made ? 201 : 204] : [status, body];
  }

  /** Whoever made a virtual host may do everything in it, as with RabbitMQ. */
  #let({ user }: Identity, path: string): void {
    const { users, permissions } = this.#broker.access;
    const vhost = decodeURIComponent(path.split('/')[3] ?? '');
    if (!users.has(user) || permissions.get(user, vhost) !== undefined) return;
    permissions.set(user, vhost, { configure: '.*', write: '.*', read: '.*' });
  }

  async #identityOf(
    authorization: string | undefined, request: IncomingMessage,
  ): Promise<Identity | undefined> {
    const [, encoded] = /^Basic +([\w+/=]+)$/i.exec(authorization ?? '') ?? [];
    if (encoded === undefined) return undefined;
    const [user = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    const credentials = { mechanism: 'PLAIN', user, password: rest.join(':') };
    const answer$ = this.#broker.authenticator
      .authenticate(credentials, peerOf(request.socket, 'tcp'));
    // Whoever hangs up before that is not waited with.
    const gone$ = fromEvent(request.socket, 'close');
    const identity$ = answer$.pipe(takeUntil(gone$), defaultIfEmpty(undefined));
    const identity = await firstValueFrom(identity$);
    return identity === undefined || 'refused' in identity ? undefined : identity;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="TabMQ"');
  if (status === 405) response.setHeader('Allow', Object.keys(methods).join(', '));
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, {
    'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
