import { shareReplay, startWith, type MonoTypeOperatorFunction } from 'rxjs';

/**
 * Ends every stream that a screen shows: `$stream` in markup has a value at the first paint, and
 * all who look share one subscription that ends with the last of them.
 */
export function view$<T>(initial: T): MonoTypeOperatorFunction<T> {
  return (source) => source.pipe(
    startWith(initial), shareReplay({ bufferSize: 1, refCount: true }),
  );
}
