/** No message is forgotten, wherever in the traffic connections break: seeded, to be replayed. */
import { filter, Observable, Subject, takeUntil, tap } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { reconnecting, type Confirmation, type Outgoing, type Random } from '../../core/client/index.ts';
import { Outcome, world } from './fixture.ts';

const MESSAGES = 60;

/** The generator mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Run {
  readonly results: readonly Confirmation[];
  readonly completed: boolean;
  /** What the queue got, in order. */
  readonly queued: readonly string[];
  readonly losses: number;
}

/** Publishes over a wire that breaks some chunks after it was made, at either end of a chunk. */
function publishOver(seed: number, retryUnconfirmed: boolean): Run {
  const random = seeded(seed);
  const made = world({}, random);
  const { clock, connect, hosts, broker } = made;
  let losses = 0;
  hosts.set('broker', (inbound, link) => {
    let left = losses < 6 ? Math.floor(random() * 40) : Infinity;
    const broken$ = new Subject<void>();
    const countDown = (): void => {
      if (left-- !== 0) return;
      losses++;
      broken$.next();
    };
    // What breaks it may have arrived, at either end, or may not.
    const arrives = random() < 0.5;
    const cut = arrives ? tap<Uint8Array>({ next: countDown }) : filter<Uint8Array>(() => {
      countDown();
      return left >= 0;
    });
    return broker.serve(inbound.pipe(cut), link).pipe(cut, takeUntil(broken$));
  });
  const setUp = new Outcome(clock, connect('amqp://other?heartbeat=0'));
  const channel = new Outcome(clock, setUp.value.channel()).value;
  expect(new Outcome(clock, channel.declareQueue('q')).value.queue).toBe('q');
  const recovering$ = connect('amqp://broker?heartbeat=0').pipe(reconnecting({ clock, random }));
  const outcome = new Outcome(clock, new Observable<Confirmation>((subscriber) =>
    recovering$.subscribe((connection) => subscriber.add(
      feed(MESSAGES, random, (delayMs, run) => clock.setTimer(delayMs, run)).pipe(
        connection.publisher({ inFlightMax: 1 + Math.floor(random() * 8), routingKey: 'q', retryUnconfirmed }),
      ).subscribe(subscriber),
    )),
  ));
  clock.advanceBy(600_000);
  const got = Array.from({ length: 10 * MESSAGES }, () => new Outcome(clock, channel.get('q', { noAck: true })).value);
  const queued = got.flatMap((delivery) => (delivery === undefined ? [] : [delivery.text()]));
  const { values: results, completed } = outcome;
  outcome.unsubscribe();
  setUp.unsubscribe();
  return { results, completed, queued, losses };
}

/** Messages one after the other, some at once and some after a while. */
function feed(
  count: number, random: Random, setTimer: (delayMs: number, run: () => void) => () => void,
): Observable<Outgoing> {
  return new Observable((subscriber) => {
    let sent = 0;
    const next = (): void => {
      do subscriber.next({ body: `${sent++}` });
      while (sent < count && random() < 0.7);
      if (sent < count) subscriber.add(setTimer(random() * 200, next));
      else subscriber.complete();
    };
    next();
  });
}

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);
const all = Array.from({ length: MESSAGES }, (_, index) => `${index}`);
const byNumber = (a: string, b: string): number => Number(a) - Number(b);
const bodiesOf = (results: readonly Confirmation[], kind?: Confirmation['kind']): string[] =>
  results.filter((result) => kind === undefined || result.kind === kind).map(({ message }) => String(message.body));

describe('over wires that break', () => {
  test.each(seeds)('each message is confirmed once or reported once (seed %i)', (seed) => {
    const { results, completed, queued, losses } = publishOver(seed, false);
    expect(losses).toBeGreaterThan(0);
    expect(completed).toBe(true);
    expect(bodiesOf(results).sort(byNumber)).toEqual(all);
    const inQueue = new Set(queued);
    expect(bodiesOf(results, 'confirmed').filter((body) => !inQueue.has(body)), 'confirmed and not there').toEqual([]);
    expect(inQueue.size, 'nothing is there twice').toBe(queued.length);
  });

  test.each(seeds)('each message arrives at least once where it may be repeated (seed %i)', (seed) => {
    const { results, completed, queued } = publishOver(seed, true);
    expect(completed).toBe(true);
    expect(bodiesOf(results, 'confirmed').sort(byNumber)).toEqual(all);
    expect([...new Set(queued)].sort(byNumber)).toEqual(all);
  });
});
