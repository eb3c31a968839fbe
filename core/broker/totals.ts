import { Churn, Counters, DeliveryCounters, Traffic } from './counters.ts';
import type { QueueType } from './definition/argument-checks.ts';
import type { DeadLetterReason } from './message/deaths.ts';

/** What becomes of dead letters: nothing, sent on, or kept until their targets have them. */
export type DeadLetterWay = 'disabled' | 'at-most-once' | 'at-least-once';

/** Messages that died, by reason. */
export type Deaths = Record<DeadLetterReason, number>;

function noDeaths(): Deaths {
  return { expired: 0, rejected: 0, maxlen: 0, delivery_limit: 0 };
}

/** What queues of one type counted that is of no queue in particular, or of one that is gone. */
export class QueueTotals {
  /** Of queues that are gone. */
  readonly departed = new DeliveryCounters();
  /** Messages that died, by what became of them. */
  readonly deaths: Record<DeadLetterWay, Deaths> = {
    'disabled': noDeaths(), 'at-most-once': noDeaths(), 'at-least-once': noDeaths(),
  };
}

/** What a virtual host counted in what is gone from it, so that its counts never fall. */
export class HostTotals {
  readonly queues: Record<QueueType, QueueTotals> = {
    classic: new QueueTotals(), quorum: new QueueTotals(), stream: new QueueTotals(),
  };
  /** Of connections that are gone. */
  readonly traffic = new Traffic();
  /** What publishers counted and did not add up yet. */
  readonly publishTallies = new Set<{ settle(): void }>();
  /** That of its broker. */
  readonly churn: Churn;

  constructor(churn: Churn) {
    this.churn = churn;
  }

  add(other: HostTotals): void {
    for (const type of Object.keys(this.queues) as QueueType[]) {
      const [own, others] = [this.queues[type], other.queues[type]];
      own.departed.add(others.departed);
      for (const way of Object.keys(own.deaths) as DeadLetterWay[]) {
        for (const reason of Object.keys(own.deaths[way]) as DeadLetterReason[]) {
          own.deaths[way][reason] += others.deaths[way][reason];
        }
      }
    }
    this.traffic.add(other.traffic);
  }
}

/** The same of a broker, in the virtual hosts that are gone. */
export class BrokerTotals extends HostTotals {
  /** Of virtual hosts that are gone. */
  readonly counters = new Counters();

  constructor() {
    super(new Churn());
  }

  /** A virtual host is gone. */
  forget(vhost: { readonly totals: HostTotals; readonly counters: Counters }): void {
    this.add(vhost.totals);
    this.counters.add(vhost.counters);
  }
}
