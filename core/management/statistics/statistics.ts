import { Subscription } from 'rxjs';
import type { Broker } from '../../broker/broker.ts';
import { settlePublishes } from '../../broker/stats.ts';
import { limits } from '../../limits.ts';
import type { Cancel } from '../../ports.ts';
import {
  churnRateNames, kindsOf, messageNames, type Kind, type Retention, type Subject,
} from './kinds.ts';
import { SampleBudget, Series } from './series.ts';

/** A span of time that samples are wanted of, and the distance between them, in seconds. */
export interface SampleSpan {
  readonly age: number;
  readonly incr: number;
}

/** How a number changes: what stands under `NAME_details`. */
export interface Details {
  /** By the second, from the last two samples. */
  readonly rate: number;
  /** Newest first; times in milliseconds. */
  readonly samples?: readonly { readonly sample: number; readonly timestamp: number }[];
  /** Mean of the samples, and by how much they grew by the second. */
  readonly avg?: number;
  readonly avg_rate?: number;
}

interface Sampled {
  readonly kind: Kind<Subject>;
  /** One for each of its retentions. */
  readonly series: readonly Series[];
  /** Number of the round that saw it last. */
  round: number;
}

/** Samples that one answer holds of each number at most. */
const SAMPLES_MAX = 1000;

/**
 * Samples all counts by the clock of the broker, so that rates can be told. It begins when it is
 * first asked and ends when nobody has asked for a while; in between a round takes all queues,
 * exchanges, connections and channels in turns of their own, beside other work.
 */
export class Statistics {
  readonly #broker: Broker;
  readonly #kindOf: (subject: Subject) => Kind<Subject>;
  readonly #budget: SampleBudget;
  readonly #sampled = new Map<Subject, Sampled>();
  readonly #values = new Float64Array(32);
  #cancel: Cancel | undefined;
  #stopping = Subscription.EMPTY;
  /** Wall time of the first round, and of the last one. */
  #began = 0;
  #sampledAt = 0;
  #askedAt = 0;
  #round = 0;
  #isBusy = false;
  readonly #samples: boolean;

  /** `samples`: false: it tells what was counted, no rates, and sets no timer. */
  constructor(
    broker: Broker, bytesMax: number = limits.statisticsBytesMax, samples = true,
  ) {
    this.#samples = samples;
    this.#broker = broker;
    this.#kindOf = kindsOf(broker);
    this.#budget = new SampleBudget(bytesMax);
  }

  /** Whether it samples. */
  get isActive(): boolean {
    return this.#cancel !== undefined;
  }

  /** Memory that samples take; never more than `limits.statisticsBytesMax`. */
  get bytes(): number {
    return this.#budget.bytes;
  }

  /** Begins to sample, or goes on for as long again as somebody asks. */
  begin(): void {
    if (!this.#samples) return;
    this.#askedAt = this.#broker.clock.now();
    if (this.isActive) return;
    this.#began = this.#sampledAt = this.#broker.clock.wall();
    this.#stopping = this.#broker.events$.subscribe(({ type }) => {
      if (type === 'broker.stopping') this.end();
    });
    this.#runRound(this.#began);
    this.#await();
  }

  /** Forgets all samples. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#stopping.unsubscribe();
    for (const { series } of this.#sampled.values()) for (const each of series) each.end();
    this.#sampled.clear();
  }

  /** How one number of a thing changes, such as `messages_ready` of a queue. */
  details(subject: Subject, name: string, span?: SampleSpan): Details {
    this.begin();
    const column = this.#kindOf(subject).names.indexOf(name);
    return this.#detailsOf(subject, column, this.#valueOf(subject, column), span);
  }

  /** What happened to its messages: each number that is not 0, and how it changes. */
  messageStats(subject: Subject, span?: SampleSpan): Readonly<Record<string, number | Details>> {
    return this.#all(subject, (name, value) => messageNames.has(name) && value > 0, span);
  }

  /** What came and went in the broker, and how fast. */
  churnRates(span?: SampleSpan): Readonly<Record<string, number | Details>> {
    return this.#all(this.#broker, (name) => churnRateNames.has(name), span);
  }

  #all(
    subject: Subject, wanted: (name: string, value: number) => boolean, span?: SampleSpan,
  ): Readonly<Record<string, number | Details>> {
    this.begin();
    const kind = this.#read(subject);
    const now = this.#values.slice(0, kind.names.length);
    const found: Record<string, number | Details> = {};
    for (const [column, name] of kind.names.entries()) {
      const value = now[column]!;
      if (!wanted(name, value)) continue;
      found[name] = value;
      found[`${name}_details`] = this.#detailsOf(subject, column, value, span);
    }
    return found;
  }

  #valueOf(subject: Subject, column: number): number {
    this.#read(subject);
    return this.#values[column]!;
  }

  #read(subject: Subject): Kind<Subject> {
    const kind = this.#kindOf(subject);
    kind.read(subject, this.#values);
    return kind;
  }

  #detailsOf(subject: Subject, column: number, now: number, span?: SampleSpan): Details {
    const sampled = this.#sampled.get(subject);
    const rate = this.#rateOf(sampled?.series[0], column);
    if (span === undefined) return { rate };
    const { everySeconds } = sampled === undefined ? { everySeconds: 1 } : finest(sampled, span);
    const step = Math.max(span.incr, everySeconds) * 1000;
    const series = sampled?.series[sampled.kind.retentions.indexOf(finest(sampled, span))];
    const newest = Math.floor(this.#sampledAt / step) * step;
    const oldest = Math.max(newest - span.age * 1000, this.#began);
    const samples: { sample: number; timestamp: number }[] = [];
    for (let at = newest; at >= oldest && samples.length < SAMPLES_MAX; at -= step) {
      const sample = series === undefined ? now : series.valueAt(at, column);
      if (sample === undefined) break;
      samples.push({ sample, timestamp: at });
    }
    return { rate, samples, ...averages(samples) };
  }

  /** By how much it grew between the last two rounds. */
  #rateOf(series: Series | undefined, column: number): number {
    const before = this.#sampledAt - limits.statisticsIntervalMs;
    if (series === undefined || before < this.#began) return 0;
    const [then, now] = [series.valueAt(before, column), series.valueAt(this.#sampledAt, column)];
    if (then === undefined || now === undefined) return 0;
    return ((now - then) * 1000) / limits.statisticsIntervalMs;
  }

  /** Samples are taken at whole multiples of their distance. */
  #await(): void {
    const { clock } = this.#broker;
    const every = limits.statisticsIntervalMs;
    this.#cancel = clock.setTimer(every - (clock.wall() % every), () => {
      if (clock.now() - this.#askedAt > limits.statisticsIdleMs) {
        this.end();
        return;
      }
      // A round that the machine could not end in time is not overtaken.
      if (!this.#isBusy) this.#runRound(Math.floor(clock.wall() / every) * every);
      this.#await();
    }, 'statistics are sampled');
  }

  #runRound(at: number): void {
    const { turn } = this.#broker;
    const subjects = this.#subjects();
    const round = ++this.#round;
    this.#isBusy = true;
    turn.stepwise(() => {
      const next = subjects.next();
      if (next.done === true) return false;
      turn.spend(1);
      this.#sample(next.value, at, round);
      return true;
    }, () => {
      this.#isBusy = false;
      this.#sampledAt = at;
      this.#forgetOthers(round);
    });
  }

  * #subjects(): Generator<Subject, undefined> {
    const { vhosts, connections } = this.#broker;
    yield this.#broker;
    for (const vhost of [...vhosts.values()]) {
      settlePublishes(vhost);
      yield vhost;
      yield* [...vhost.exchanges.values()];
      yield* [...vhost.queues.values()];
    }
    for (const connection of [...connections]) {
      yield connection;
      yield* [...connection.channels];
    }
    return undefined;
  }

  #sample(subject: Subject, at: number, round: number): void {
    const kind = this.#read(subject);
    let sampled = this.#sampled.get(subject);
    if (sampled === undefined) {
      const series = kind.retentions.map(({ spanSeconds, everySeconds }) => (
        new Series(kind.names.length, Math.ceil(spanSeconds / everySeconds) + 1, this.#budget)));
      sampled = { kind, series, round };
      this.#sampled.set(subject, sampled);
    }
    sampled.round = round;
    for (const [i, { spanSeconds, everySeconds }] of kind.retentions.entries()) {
      const isDue = at === this.#began || at % (everySeconds * 1000) === 0;
      if (isDue) sampled.series[i]!.add(at, this.#values, at - spanSeconds * 1000);
    }
  }

  /** What the round did not see is gone. */
  #forgetOthers(round: number): void {
    for (const [subject, sampled] of this.#sampled) {
      if (sampled.round === round) continue;
      for (const each of sampled.series) each.end();
      this.#sampled.delete(subject);
    }
  }
}

/** The retention with the shortest distance of those that reach so far back, or the longest. */
function finest({ kind: { retentions } }: Sampled, { age }: SampleSpan): Retention {
  return retentions.find(({ spanSeconds }) => spanSeconds >= age) ?? retentions.at(-1)!;
}

function averages(
  samples: readonly { readonly sample: number; readonly timestamp: number }[],
): { avg?: number; avg_rate?: number } {
  const [newest, oldest] = [samples[0], samples.at(-1)];
  if (newest === undefined || oldest === undefined) return {};
  const avg = samples.reduce((sum, { sample }) => sum + sample, 0) / samples.length;
  const seconds = (newest.timestamp - oldest.timestamp) / 1000;
  return { avg, avg_rate: seconds === 0 ? 0 : (newest.sample - oldest.sample) / seconds };
}
