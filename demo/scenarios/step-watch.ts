import type { TapEvent, TapType } from '../../core/management/index.ts';
import type { CoachStep, EventPattern, Scenario } from './format.ts';

/** Messages whose routing keys are remembered: more than a lesson sends in an hour. */
const KEYS_MAX = 10_000;

/** Compares events with patterns; it must see all events, to know what each message is. */
export class Sightings {
  /** Routing keys of messages, by their numbers. */
  readonly #keys = new Map<number, string>();

  see(event: TapEvent): void {
    if (event.type === 'message.published') this.#remember(event.message, event.routingKey);
    else if (event.type === 'message.dead-lettered') {
      this.#remember(event.becomes, this.#keys.get(event.message));
    }
  }

  fits(event: TapEvent, pattern: EventPattern): boolean {
    return Object.entries(pattern).every(([field, value]) => {
      const seen = field === 'key' ? this.#keyOf(event) : event[field as keyof TapEvent];
      return (Array.isArray(seen) ? seen.toSorted().join() : String(seen)) === String(value);
    });
  }

  #keyOf(event: TapEvent): string | undefined {
    return 'message' in event ? this.#keys.get(event.message) : undefined;
  }

  #remember(message: number, key: string | undefined): void {
    if (key === undefined) return;
    this.#keys.set(message, key);
    if (this.#keys.size > KEYS_MAX) this.#keys.delete(this.#keys.keys().next().value!);
  }
}

/** What one step of the coach waits for, and whether it has come. */
export class StepWatch {
  /** The choice that came true; undefined while none did. */
  outcome: number | undefined;
  #until = false;
  /** How many of the events have come from which on outcomes count. */
  #begun = 0;
  readonly #step: CoachStep;
  readonly #sightings: Sightings;

  constructor(step: CoachStep, sightings: Sightings) {
    this.#step = step;
    this.#sightings = sightings;
  }

  /** Whether the step is over by itself, and needs no word from the learner. */
  static isAutomatic({ until, predict }: CoachStep): boolean {
    return until !== undefined || predict?.outcomes !== undefined;
  }

  get done(): boolean {
    const { until, predict } = this.#step;
    if (!StepWatch.isAutomatic(this.#step)) return false;
    return (until === undefined || this.#until)
      && (predict?.outcomes === undefined || this.outcome !== undefined);
  }

  see(event: TapEvent): void {
    const { until, predict } = this.#step;
    const fits = (pattern: EventPattern | null | undefined): boolean =>
      pattern !== undefined && pattern !== null && this.#sightings.fits(event, pattern);
    if (fits(until)) this.#until = true;
    const from = predict?.from ?? [];
    if (this.#begun < from.length) {
      if (fits(from[this.#begun])) this.#begun++;
    } else if (this.outcome === undefined) {
      const outcome = predict?.outcomes?.findIndex(fits) ?? -1;
      if (outcome >= 0) this.outcome = outcome;
    }
  }
}

/** The types of events that a coach must see. */
export function watchedTypes({ coach }: Scenario): TapType[] {
  const patterns = coach.steps.flatMap(({ until, predict }) =>
    [until, ...predict?.from ?? [], ...predict?.outcomes ?? []]);
  const types = patterns.flatMap((pattern) => (pattern ? [pattern.type] : []));
  return [...new Set<TapType>([...types, 'message.published', 'message.dead-lettered'])];
}
