/** What the picture makes of all that happened in a run. */
import type { TapEvent } from '../../../core/management/index.ts';
import { Flights } from '../../../demo/screens/canvas/flights.ts';

/** Milliseconds of the wall by which what is drawn may be behind what is told. */
const LAG_MS = 200;
/** Virtual milliseconds for one of the wall: the slowest, those of lessons, and fast. */
const SPEEDS = [0.01, 0.5, 1, 8, 1000];

/** A sentence for each flight that begins too late, or that changes the colour of its message. */
export function faultsOfFlights(events: readonly TapEvent[]): string[] {
  return SPEEDS.flatMap((speed) => {
    const flights = new Flights();
    flights.speed = speed;
    const colours = new Map<number, number>();
    return events.flatMap((event) => {
      flights.prune(event.at, 0);
      const known = new Set<unknown>([...flights.flights, ...flights.falls]);
      flights.add(event);
      const latest = event.at + LAG_MS * speed + 0.001;
      const fresh = flights.flights.filter((flight) => !known.has(flight));
      const late = fresh.filter(({ start }) => start > latest);
      const turned = fresh.filter(({ message, colour }) => (colours.get(message) ?? colour) !== colour);
      for (const { message, colour } of fresh) colours.set(message, colour);
      if (event.type === 'message.dead-lettered' && event.becomes !== 0) {
        colours.set(event.becomes, colours.get(event.message) ?? flights.colourOf(event.message));
      }
      return [
        ...late.map(({ message, start }) => (
          `at speed ${speed} ${message} of ${event.type} at ${event.at} begins at ${start}`)),
        ...turned.map(({ message, edge }) => `message ${message} has another colour on ${edge}`),
      ];
    });
  });
}
