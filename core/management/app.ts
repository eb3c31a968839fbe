import { Hono, type Context } from 'hono';
import type { Broker } from '../broker/broker.ts';
import { answerRoute } from './answer-route.ts';
import { objectNotFound } from './api-error.ts';
import { allowCrossOrigin, answerPreflight } from './cross-origin.ts';
import type { AppEnv } from './environment.ts';
import { LoginAttempts } from './login-attempts.ts';
import type { Method, Route } from './route.ts';
import { jsonResponse, refusalResponse } from './responses.ts';
import { openApiRoutes } from './openapi.ts';
import { routes as brokerRoutes } from './routes/index.ts';
import { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** The API as a function of requests. */
export type App = Hono<AppEnv>;

/** All routes of a broker, and what there is to say where none of them fits. */
export function makeApp(broker: Broker, world: World): App {
  const app: App = new Hono<AppEnv>({ strict: false });
  const shared = {
    broker, world, sessions: new Sessions(broker, world.secret), attempts: new LoginAttempts(),
    statistics: world.statistics,
  };
  const routes = [...brokerRoutes, ...openApiRoutes(brokerRoutes)];
  for (const route of routes) {
    app.on(route.method, route.path, async (context) => {
      const { inProcess } = context.env;
      const answered = answerRoute(route, context, shared);
      if (inProcess !== undefined) return answered;
      const response = await answered;
      return allowCrossOrigin(context.req.raw, response, world);
    });
  }
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(path, (context) => answerOthers(context, methods, world));
  }
  const toIndex = (context: Context<AppEnv>): Response => context.redirect('/api/index.html', 301);
  app.get('/api', toIndex);
  app.notFound(() => refusalResponse(objectNotFound()));
  return app;
}

function methodsByPath(all: readonly Route[]): ReadonlyMap<string, readonly Method[]> {
  const methods = new Map<string, Method[]>();
  for (const { path, method } of all) methods.set(path, [...methods.get(path) ?? [], method]);
  return methods;
}

/** OPTIONS, which nobody has to log in for, and methods that a path does not have. */
function answerOthers(
  { req }: Context<AppEnv>, methods: readonly Method[], world: World,
): Response {
  const allow = [...(methods.includes('GET') ? ['HEAD'] : []), ...methods, 'OPTIONS'].join(', ');
  if (req.method !== 'OPTIONS') return jsonResponse(405, NOT_ALLOWED, { allow });
  return answerPreflight(req.raw, allow, world);
}

const NOT_ALLOWED = { error: 'method_not_allowed', reason: 'the path has no such method' };
