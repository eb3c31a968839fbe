import { ApiError } from './api-error.ts';
import type { World } from './world.ts';

/**
 * Refuses changes that a page of elsewhere asks for: a browser adds what it knows of a login to
 * the requests of any page. Errors: 403.
 */
export function requireKnownOrigin({ method, headers, url }: Request, world: World): void {
  if (method === 'GET' || method === 'HEAD') return;
  const origin = headers.get('origin');
  if (origin === null || origin === new URL(url).origin || world.allowsOrigin(origin)) return;
  throw new ApiError(403, 'forbidden', `pages of ${origin} may not change anything here`);
}

/** Lets a page of elsewhere read the answer, where it may. */
export function allowCrossOrigin(request: Request, response: Response, world: World): Response {
  const origin = allowedOrigin(request, world);
  if (origin === undefined) return response;
  response.headers.set('access-control-allow-origin', origin);
  response.headers.set('access-control-allow-credentials', 'true');
  response.headers.set('access-control-expose-headers', 'location');
  return response;
}

/** What a browser asks before it lets a page ask. */
export function answerPreflight(request: Request, allow: string, world: World): Response {
  const headers = new Headers({ allow, 'content-length': '0' });
  if (allowedOrigin(request, world) !== undefined) {
    headers.set('access-control-allow-methods', allow);
    const wanted = request.headers.get('access-control-request-headers');
    if (wanted !== null) headers.set('access-control-allow-headers', wanted);
    const { corsMaxAgeSeconds: seconds } = world;
    if (seconds !== undefined) headers.set('access-control-max-age', String(seconds));
  }
  return allowCrossOrigin(request, new Response(null, { status: 200, headers }), world);
}

function allowedOrigin({ headers }: Request, { sharesWith }: World): string | undefined {
  const origin = headers.get('origin');
  return origin !== null && sharesWith(origin) ? origin : undefined;
}
