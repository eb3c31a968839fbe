import type { Context } from 'hono';
import { NOBODY } from '../broker/events/events.ts';
import { AmqpError } from '../errors.ts';
import { requireAccess } from './access.ts';
import { Answer, Raw } from './answer.ts';
import { ApiError, badRequest, notFound, objectNotFound, refusalOf } from './api-error.ts';
import { readBody } from './body.ts';
import { Call, type CallFacts } from './call.ts';
import { inProcess as inProcessCaller, type Caller } from './caller.ts';
import { requireKnownOrigin } from './cross-origin.ts';
import type { AppEnv, InProcess } from './environment.ts';
import { pick, chosenColumns } from './lists/chosen-columns.ts';
import { jsonStream } from './lists/json-stream.ts';
import { show, showOne, type Shown } from './lists/list.ts';
import { listQueryOf } from './lists/list-query.ts';
import { Listing, Single } from './lists/table.ts';
import { callerOf, NoCredentials } from './login.ts';
import { bodyOf } from './request-body.ts';
import { jsonResponse, loginWanted, refusalResponse, responseOf } from './responses.ts';
import type { Route } from './route.ts';
import { whenAnswered } from './when-answered.ts';

type Shared = Pick<CallFacts, 'broker' | 'world' | 'sessions' | 'attempts' | 'statistics'>;

/**
 * Answers a request by its route. In process nothing is waited for that need not be: what a call
 * changes has changed when the call returns.
 */
export async function answerRoute(
  route: Route, context: Context<AppEnv>, shared: Shared,
): Promise<Response> {
  const { env: { inProcess }, req: { raw, path } } = context;
  try {
    const query = new URL(raw.url).searchParams;
    if (inProcess === undefined) {
      requireKnownOrigin(raw, shared.world);
      requireJson(raw, route);
    }
    const caller = inProcess === undefined
      ? await callerFor(route, context, query, shared)
      : inProcessCaller;
    const names = namesOf(context);
    const vhost = shared.broker.vhosts.get(names['vhost'] ?? '')?.name;
    const mayAsk = (): void => requireAccess(route.access, caller, vhost);
    if (inProcess === undefined) await whenAnswered(mayAsk);
    else mayAsk();
    const given = inProcess === undefined ? await bodyOf(route, raw) : inProcess.body ?? {};
    const body = route.body === undefined ? undefined : readBody(route.body, given);
    const call = new Call({
      ...shared, caller, names, query, peer: context.env.peer,
      request: inProcess === undefined ? raw : undefined,
    });
    requireVhost(route, call);
    let value = inProcess === undefined
      ? await whenAnswered(() => handled(route, call, body))
      : handled(route, call, body);
    if (value instanceof Promise) value = await value;
    if (inProcess !== undefined) {
      return toldInProcess(inProcess, value, call);
    }
    // What is answered is on disk.
    if (route.method !== 'GET') await shared.broker.whenKept();
    return await whenAnswered(() => respond(value, call));
  } catch (error) {
    const refusal = refusalFor(route, error);
    if (inProcess !== undefined) {
      if (refusal === undefined) throw error;
      inProcess.answer(refusal.status, refusal.body);
      return EMPTY;
    }
    if (error instanceof NoCredentials) return loginWanted(raw, undefined);
    if (refusal?.error === 'not_authorized') return loginWanted(raw, refusal);
    if (refusal !== undefined) return refusalResponse(refusal);
    shared.world.onFault(path, error);
    return jsonResponse(500, {
      error: 'internal_server_error', reason: 'the broker failed at this; its log says how',
    });
  }
}

/** What changes something is a turn of the broker: at its end it is written. */
function handled({ method, handle }: Route, call: Call, body: unknown): unknown {
  if (method === 'GET') return handle(call, body);
  let value: unknown;
  call.broker.turn.within(() => {
    const { events } = call.broker;
    value = events.as(call.caller.user || NOBODY, () => handle(call, body));
  });
  return value;
}

const EMPTY = new Response(null);

/** A thing that a path names and that is not there is told in fewer words. */
function refusalFor({ method }: Route, error: unknown): ApiError | undefined {
  const isMissing = error instanceof AmqpError && error.replyName === 'NOT_FOUND';
  if (isMissing && (method === 'GET' || method === 'DELETE')) return objectNotFound();
  return refusalOf(error);
}

/** Errors: 404 where the path is in a virtual host that there is not. */
function requireVhost({ access, method }: Route, { names, broker }: Call): void {
  if (!access.startsWith('vhost') || broker.vhosts.has(names['vhost']!)) return;
  throw method === 'PUT' || method === 'POST' ? notFound('vhost_not_found') : objectNotFound();
}

/** Errors: 406 where the answer is in a form that the caller does not take. */
function requireJson({ headers }: Request, { answers }: Route): void {
  const accepted = headers.get('accept');
  if (accepted === null || answers.kind === 'stream') return;
  if (/(^|,)\s*(\*|application)\/(\*|json)/.test(accepted)) return;
  throw new ApiError(406, 'not_acceptable', 'the answer is application/json');
}

/** Errors: 400 where a name does not decode. */
function namesOf({ req }: Context<AppEnv>): Readonly<Record<string, string>> {
  try {
    decodeURIComponent(new URL(req.raw.url).pathname);
  } catch {
    throw badRequest('the path is not percent-encoded UTF-8');
  }
  return req.param() as Readonly<Record<string, string>>;
}

async function callerFor(
  route: Route, { req, env: { peer } }: Context<AppEnv>, query: URLSearchParams,
  { world, sessions, attempts }: Shared,
): Promise<Caller> {
  if (route.access === 'open') return nobody;
  const inQuery = route.path.startsWith('/api/definitions') ? query.get('auth') : null;
  try {
    const caller = await callerOf(req.raw, peer, world, sessions, inQuery ?? undefined);
    attempts.count(true);
    return caller;
  } catch (error) {
    if (error instanceof ApiError && error.error === 'not_authorized') attempts.count(false);
    throw error;
  }
}

const nobody = inProcessCaller;

async function respond(value: unknown, call: Call): Promise<Response> {
  const { view, query, world: { breathe } } = call;
  const attached = attachment(query);
  if (value instanceof Listing) {
    const shown = await show(value, listQueryOf(query), view, breathe);
    return jsonResponse(200, jsonStream(shown, breathe), attached);
  }
  if (value instanceof Single) {
    return jsonResponse(200, showOne(value, listQueryOf(pageless(query)), view), attached);
  }
  if (value instanceof Answer || value instanceof Raw) return responseOf(value);
  return jsonResponse(200, pick(value ?? null, chosenColumns(query)), attached);
}

/** A browser is to keep the answer as a file of this name. */
function attachment(query: URLSearchParams): Readonly<Record<string, string>> {
  const name = query.get('download') ?? '';
  if (!/^[\w .@-]+$/.test(name)) return {};
  return { 'content-disposition': `attachment; filename=${name}` };
}

/** One thing has no pages. */
function pageless(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('page');
  return rest;
}

/** The same as a value. What needs no waiting is told at once. */
async function toldInProcess(
  { answer }: InProcess, value: unknown, call: Call,
): Promise<Response> {
  const { view, query, world: { breathe } } = call;
  if (value instanceof Listing) {
    const made = show(value, listQueryOf(query), view, breathe);
    const shown = made instanceof Promise ? await made : made;
    answer(200, wholeOf(shown));
  } else if (value instanceof Single) {
    answer(200, showOne(value, listQueryOf(pageless(query)), view));
  } else if (value instanceof Answer) {
    answer(value.status, value.body ?? null);
  } else if (value instanceof Raw) {
    answer(value.status, value.body);
  } else {
    answer(200, pick(value ?? null, chosenColumns(query)));
  }
  return EMPTY;
}

function wholeOf<T>({ items, page, render }: Shown<T>): unknown {
  const all = items.map(render);
  return page === undefined ? all : { ...page, items: all };
}
