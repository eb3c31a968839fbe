import type { Broker } from '../broker/broker.ts';
import type { PeerInfo } from '../ports.ts';
import { makeApp } from './app.ts';
import type { Method } from './route.ts';
import { Statistics } from './statistics/statistics.ts';
import { plainWorld, type World } from './world.ts';

/** A request as `Request` has it, with a body that is a value already. */
export interface ApiRequest {
  readonly method?: Method;
  /** Path and query: `/api/queues/%2F/tasks/messages?count=8`. */
  readonly path: string;
  readonly body?: unknown;
}

/** An answer; `body` is a value that structured clone can copy. An error: `{ error, reason }`. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The API as a function of this process; nobody has to log in. */
export type Api = (request: ApiRequest) => Promise<ApiResponse>;

/** The API of a broker, for whoever serves it and for whoever has it in process. */
export interface Management {
  /** Answers a request of HTTP. `peer`: who sent it. */
  readonly fetch: (request: Request, peer: PeerInfo) => Promise<Response>;
  /** What changes something has done so when it returns. */
  readonly call: Api;
}

/** Management of a broker, as RabbitMQ's HTTP API has it and more. */
export function management(broker: Broker, world: Partial<World> = {}): Management {
  const app = makeApp(broker, plainWorld(broker, world));
  return {
    fetch: async (request, peer) => app.fetch(request, { peer, inProcess: undefined }),
    call: async ({ method = 'GET', path, body }) => {
      let answered: ApiResponse = { status: 404, body: NOT_FOUND };
      const request = new Request(`http://in.process${path}`, { method });
      const answer = (status: number, value: unknown): void => {
        answered = { status, body: value };
      };
      const response = await app.fetch(request, { peer: HERE, inProcess: { body, answer } });
      // No route took it: what there is to say stands in the response.
      if (response.status === 200) return answered;
      return { status: response.status, body: await response.json() as unknown };
    },
  };
}

/** The same where only this process asks: it tells no rates, so that no timer runs for them. */
export function managementApi(broker: Broker): Api {
  return management(broker, { statistics: new Statistics(broker, 0, false) }).call;
}

const NOT_FOUND = { error: 'Object Not Found', reason: 'Not Found' };

const HERE: PeerInfo = {
  transport: 'memory', address: '', port: 0, loopback: true, secure: true,
};
