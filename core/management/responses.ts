import { Answer, Raw } from './answer.ts';
import type { ApiError } from './api-error.ts';
import { jsonText } from './json.ts';

/** What every answer says of itself. */
const commonHeaders = {
  'cache-control': 'no-cache',
  'content-security-policy': "default-src 'self'; object-src 'none'; frame-ancestors 'self'",
  'vary': 'accept, accept-encoding, origin',
  'x-content-type-options': 'nosniff',
};

const JSON_TYPE = { 'content-type': 'application/json' };

export function jsonResponse(
  status: number, body: unknown, headers: Readonly<Record<string, string>> = {},
): Response {
  const text = typeof body === 'object' && body instanceof ReadableStream ? body : jsonText(body);
  return new Response(text, { status, headers: { ...commonHeaders, ...JSON_TYPE, ...headers } });
}

export function refusalResponse(
  refusal: ApiError, headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonResponse(refusal.status, refusal.body, headers);
}

/** What a route answered, as a response. */
export function responseOf(value: unknown): Response {
  if (value instanceof Raw) {
    const { status, body, headers } = value;
    return new Response(body, { status, headers: { ...commonHeaders, ...headers } });
  }
  if (!(value instanceof Answer)) return jsonResponse(200, value ?? null);
  const { status, body, headers } = value;
  if (body !== undefined) return jsonResponse(status, body, headers);
  return new Response(null, { status, headers: { ...commonHeaders, ...headers } });
}

/**
 * Nobody is logged in. The header has a browser ask for a password, so scripts of a page do not get
 * it: they have a page of their own for that.
 */
export function loginWanted(request: Request, refusal: ApiError | undefined): Response {
  const headers = asksForItself(request) ? {} : CHALLENGE;
  if (refusal !== undefined) return refusalResponse(refusal, headers);
  return new Response(null, { status: 401, headers: { ...commonHeaders, ...headers } });
}

const CHALLENGE = { 'www-authenticate': 'Basic realm="TabMQ Management"' };

/** Whether a script asks, and no person who typed an address. */
function asksForItself({ headers }: Request): boolean {
  // Browsers say both of these, and other programs at most one.
  const isFromPage = headers.has('sec-fetch-site') && headers.get('sec-fetch-mode') !== 'navigate';
  return isFromPage || headers.get('x-requested-with') === 'XMLHttpRequest';
}
