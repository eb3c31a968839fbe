/** A peer that is gone without a word, found within two heartbeats, on the virtual clock. */
import { Observable, Subject } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { reconnecting, type RecoveryState } from '../../core/client/index.ts';
import { Outcome, world } from './fixture.ts';

const HEARTBEAT_S = 10;
/** Both sides look twice in each interval, so that half of one may pass before the first look. */
const FOUND_MS = 2.5 * HEARTBEAT_S * 1000;
const url = `amqp://broker?heartbeat=${HEARTBEAT_S}`;

/** A wire that either way can lose, octet by octet, without either end hearing of it. */
function lossyWorld() {
  const made = world();
  const lost = { toBroker: false, toClient: false };
  /** Octets that the client still gets. */
  let octetsLeft = Infinity;
  made.hosts.set('broker', (inbound, link) => new Observable((outbound) => {
    const lane = new Subject<Uint8Array>();
    inbound.subscribe((chunk) => lost.toBroker || lane.next(chunk));
    return made.broker.serve(lane, link).subscribe((chunk) => {
      if (lost.toClient) return;
      // A wire may hand its buffer on to others once it is sent.
      const part = chunk.slice(0, Math.min(chunk.length, octetsLeft));
      octetsLeft -= part.length;
      if (octetsLeft === 0) lost.toBroker = true;
      if (part.length > 0) outbound.next(part);
    });
  }));
  return {
    ...made, lost,
    cutAfter(octets: number): void {
      octetsLeft = octets;
    },
  };
}

/** Milliseconds until something is so. */
function timeUntil(clock: ReturnType<typeof world>['clock'], isSo: () => boolean): number {
  let passedMs = 0;
  for (; !isSo() && passedMs < 100_000; passedMs += 250) clock.advanceBy(250);
  return passedMs;
}

test('a half-open wire is found by both its ends', () => {
  const { connect, clock, broker, lost } = lossyWorld();
  const connecting = new Outcome(clock, connect(url));
  clock.advanceBy(100_000);
  expect([connecting.error, broker.connectionCount]).toEqual([undefined, 1]);
  lost.toBroker = true;
  lost.toClient = true;
  const foundMs = timeUntil(clock, () => connecting.error !== undefined && broker.connectionCount === 0);
  expect(foundMs).toBeLessThanOrEqual(FOUND_MS);
  expect(connecting.error).toMatchObject({ name: 'LostError', message: expect.stringContaining('missed heartbeats') });
});

test.each([1, 7, 12, 500])('a broker that vanishes %d octets into a delivery', (octets) => {
  const { connect, clock, cutAfter } = lossyWorld();
  const connecting = new Outcome(clock, connect(url));
  const connection = connecting.value;
  const watch = <T>(source: Observable<T>): Outcome<T> => new Outcome(clock, source);
  expect(watch(connection.declareQueue('q')).value.queue).toBe('q');
  const deliveries = new Outcome(clock, connection.consume('q'));
  expect(watch(connection.publish({ routingKey: 'q', body: 'x'.repeat(1000) })).value.kind).toBe('confirmed');
  expect(deliveries.values.length).toBe(1);
  deliveries.value.nack();
  cutAfter(octets);
  expect(timeUntil(clock, () => connecting.error !== undefined)).toBeLessThanOrEqual(FOUND_MS);
  expect(deliveries.values.length, 'a part of a message is none').toBe(1);
  expect(deliveries.error).toBe(connecting.error);
});

test('a tab that slept hears when it wakes that the broker gave it up, and connects again', () => {
  const { connect, clock, broker, lost } = lossyWorld();
  const states: RecoveryState['kind'][] = [];
  const onState = ({ kind }: RecoveryState): void => void states.push(kind);
  const connecting = new Outcome(clock, connect(url).pipe(reconnecting({ clock, random: () => 0, onState })));
  onTestFinished(() => connecting.unsubscribe());
  // Nothing of it runs, so that nothing goes out, and what comes in is not seen.
  lost.toBroker = true;
  lost.toClient = true;
  expect(timeUntil(clock, () => broker.connectionCount === 0)).toBeLessThanOrEqual(FOUND_MS);
  lost.toBroker = false;
  lost.toClient = false;
  const isBack = (): boolean => states.filter((state) => state === 'connected').length === 2;
  expect(timeUntil(clock, isBack)).toBeLessThanOrEqual(FOUND_MS + 1000);
});
