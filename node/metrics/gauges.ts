import type { Broker, Cancel, Clock } from '../../core/index.ts';
import { nodeLimits } from '../limits.ts';
import { Buckets, type WrittenMetric } from './buckets.ts';

const DELAYS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const SYNCS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];
const SHARES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5];

/** What TabMQ measures of itself beside what RabbitMQ tells. */
export class Gauges {
  readonly #delay = new Buckets(
    'tabmq_event_loop_delay_seconds', 'How late timers are: what all clients wait', DELAYS);
  readonly #turn = new Buckets(
    'tabmq_turn_budget_used_ratio', 'Work of a turn as a share of its budget', SHARES);
  readonly #sync = new Buckets(
    'tabmq_journal_sync_seconds', 'How long the disk took to make a batch durable', SYNCS);
  readonly #clock: Clock;
  #cancel: Cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Measures this broker from now on, until `stop`. */
  watch({ turn }: Broker): void {
    const before = turn.ended;
    turn.ended = () => {
      before();
      if (turn.spent > 0) this.#turn.note(turn.spent / turn.allowed);
    };
    this.#awaitDelay();
  }

  stop(): void {
    this.#cancel();
  }

  readonly noteSync = (seconds: number): void => this.#sync.note(seconds);

  all(): WrittenMetric[] {
    return [this.#delay.metric, this.#turn.metric, this.#sync.metric];
  }

  #awaitDelay(): void {
    const due = this.#clock.now() + nodeLimits.delaySampleMs;
    this.#cancel = this.#clock.setTimer(nodeLimits.delaySampleMs, () => {
      this.#delay.note(Math.max(0, this.#clock.now() - due) / 1000);
      this.#awaitDelay();
    });
  }
}
