import { limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Counters } from '../counters.ts';
import type { Events } from '../events/events.ts';
import type { Queue } from './abstract-queue.ts';
import { deadLetterCycle } from './dead-letter-cycle.ts';

/** What the limit asks of its virtual host. */
interface LimitHost {
  readonly name: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly events: Events;
}

/** Counts the messages of a virtual host that were dead-lettered too often, and tells of them. */
export class DeadLetterLimit {
  readonly #vhost: LimitHost;
  #count = 0;
  #toldAt = -Infinity;

  constructor(vhost: LimitHost) {
    this.#vhost = vhost;
  }

  /** A message ends in this queue. A storm of them is told of once a second. */
  reached(queue: Queue, reason: string): void {
    const { counters, events, clock, name } = this.#vhost;
    counters.deadLetterLimited++;
    this.#count++;
    const now = clock.now();
    if (now - this.#toldAt < limits.deadLetterLimitEventMs) return;
    events.emit({
      type: 'message.dead-letter-limit', vhost: name, queue: queue.name, reason,
      count: this.#count, cycle: deadLetterCycle(queue) ?? [],
    });
    this.#toldAt = now;
    this.#count = 0;
  }
}
