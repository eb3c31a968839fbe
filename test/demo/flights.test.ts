/** What moves in the picture, as a function of virtual time; and what stays of it when time jumps. */
import { describe, expect, test } from 'vitest';
import type { TapEvent } from '../../core/management/index.ts';
import { Flights, HOP_MS, TRAIL_MS } from '../../demo/screens/canvas/flights.ts';

/** Message 1, delivered at this time by a queue to a consumer. */
const delivered = (at: number): TapEvent => ({
  type: 'message.delivered', seq: 1, at, cause: 0, frame: 0, message: 1, vhost: '/', queue: 'q',
  connection: 'connection-1', channel: 1, consumerTag: 't', deliveryTag: 1, redelivered: false, noAck: false,
} as unknown as TapEvent);

describe('when time jumps', () => {
  test('what was under way leaves a trail to where it is now, which fades', () => {
    const flights = new Flights();
    flights.add(delivered(0));
    flights.jump(HOP_MS / 4, 10_000, 5000);
    expect(flights.trails).toMatchObject([{ from: 0.25, to: 1, look: 'unacked', until: 5000 + TRAIL_MS }]);
    flights.prune(10_000, 5000);
    expect(flights.flights).toEqual([]);
    expect(flights.trails).toHaveLength(1);
    flights.prune(10_000, 5000 + TRAIL_MS);
    expect(flights.trails).toEqual([]);
  });

  test('a message that goes back leaves it the other way', () => {
    const flights = new Flights();
    flights.add(delivered(0));
    flights.add({ ...delivered(0), type: 'message.requeued' } as TapEvent);
    flights.jump(HOP_MS, HOP_MS + HOP_MS / 2, 0);
    expect(flights.trails).toMatchObject([{ from: 1, to: 0.5 }]);
  });

  test('what had arrived before, or begins only then, leaves none', () => {
    const flights = new Flights();
    flights.add(delivered(0));
    flights.add({ ...delivered(4000), message: 2 } as TapEvent);
    flights.jump(HOP_MS, 4000, 0);
    expect(flights.trails).toEqual([]);
  });
});
