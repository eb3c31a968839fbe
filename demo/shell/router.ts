import {
  distinctUntilChanged, fromEvent, map, shareReplay, startWith, type Observable,
} from 'rxjs';
import { isShareLink } from '../share/hash.ts';
import type { Route } from './app.ts';

/** Where the page is: the part of its address behind `#`, which no server ever sees. */
export const route$: Observable<Route> = fromEvent(window, 'hashchange').pipe(
  startWith(undefined),
  map(() => location.hash),
  distinctUntilChanged(),
  map(parseRoute),
  shareReplay({ bufferSize: 1, refCount: false }),
);

export function parseRoute(hash: string): Route {
  // What was shared is asked about in front of the screen that is always there.
  if (isShareLink(hash)) return { path: [], query: {} };
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return {
    path: path.split('/').filter((part) => part !== '').map(decode),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** A link that was cut must not take the page with it. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Goes to `/wire?conn=2`. */
export function go(path: string): void {
  location.hash = path;
}
