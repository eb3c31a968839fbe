import { filter, map, takeUntil, takeWhile, type Observable } from 'rxjs';
import { Raw } from '../answer.ts';
import { badRequest, notFound } from '../api-error.ts';
import type { Call } from '../call.ts';
import { eventStream, type ServerSent } from '../event-stream.ts';
import { stream, type Route } from '../route.ts';

const MEDIA_TYPE = 'text/event-stream';

function sent(events$: Observable<ServerSent>, { broker }: Call): Raw {
  return new Raw(eventStream(events$, broker.clock), { 'content-type': MEDIA_TYPE });
}

function eventsOf(call: Call): Raw {
  return sent(call.broker.events$.pipe(
    takeWhile(({ type }) => type !== 'broker.stopping', true),
    map((event) => ({ name: event.type, data: event })),
  ), call);
}

/** Levels of lines, the one that matters least first. */
const levels = ['trace', 'debug', 'info', 'warn', 'error'];

/** Errors: 400 for a level that is none, 404 where there is no log. */
function logOf(call: Call): Raw {
  const { query, world: { log$ }, broker } = call;
  const level = query.get('level') ?? 'trace';
  const component = query.get('component');
  const least = levels.indexOf(level);
  if (least < 0) throw badRequest(`level must be one of ${levels.join(', ')}`);
  if (log$ === undefined) throw notFound('this broker has no log');
  const stopping$ = broker.events$.pipe(filter(({ type }) => type === 'broker.stopping'));
  return sent(log$.pipe(
    takeUntil(stopping$),
    filter((line) => levels.indexOf(line.level) >= least),
    filter((line) => component === null || line.component === component),
    map((line) => ({ name: 'log', data: line })),
  ), call);
}

/** What happens, as it does. */
export const eventRoutes: readonly Route[] = [
  stream('/api/events', 'monitoring', {
    says: 'What happens in the broker, as server-sent events', mediaType: MEDIA_TYPE,
  }, eventsOf),
  stream('/api/logs', 'administrator', {
    says: 'Lines of the log as they are written, as server-sent events', mediaType: MEDIA_TYPE,
    query: {
      level: 'lines that matter at least so much: trace, debug, info, warn or error',
      component: 'lines about this alone, as connection',
    },
  }, logOf),
];
