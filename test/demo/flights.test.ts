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
    flights.add({ ...delivered(HOP_MS), type: 'message.requeued' } as TapEvent);
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

describe('what is drawn', () => {
  const published = {
    ...delivered(0), type: 'message.published', owner: 'connection-1/1', exchange: '',
  } as unknown as TapEvent;
  const routed = {
    ...delivered(0), type: 'message.routed', exchange: '',
    matched: [{ source: '', destination: 'q', destinationKind: 'queue', routingKey: 'q' }],
  } as unknown as TapEvent;

  test.each([0.5, 1, 10])('is at most 200 ms of the wall behind what happened, at speed %f', (speed) => {
    const flights = new Flights();
    flights.speed = speed;
    for (const event of [published, routed, delivered(0)]) flights.add(event);
    const starts = flights.flights.map(({ start }) => start);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts.at(-1)).toBeLessThanOrEqual(200 * speed);
    // Each is where the one before has brought it, and a killed consumer gives it back at once.
    for (const [i, { end }] of flights.flights.slice(0, -1).entries()) {
      expect(end).toBeCloseTo(flights.flights[i + 1]!.start);
    }
    flights.add({ ...delivered(150 * speed), type: 'message.requeued' } as TapEvent);
    expect(flights.flights.at(-1)).toMatchObject({ back: true });
    expect(flights.flights.at(-1)!.start).toBeLessThanOrEqual(350 * speed);
  });

  test('a message keeps its colour, on every line and as a dead letter', () => {
    const flights = new Flights();
    flights.add({ ...published, message: 9 } as TapEvent);
    flights.add({
      ...delivered(0), message: 9, type: 'message.dead-lettered', exchange: 'dead', becomes: 12,
    } as unknown as TapEvent);
    flights.add({ ...delivered(0), message: 12 } as TapEvent);
    const colours = new Set(flights.flights.map(({ colour }) => colour));
    expect([...colours]).toEqual([flights.colourOf(9)]);
    expect(flights.colourOf(10)).not.toBe(flights.colourOf(9));
  });
});
