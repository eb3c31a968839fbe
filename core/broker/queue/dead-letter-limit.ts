import { limits } from '../../limits.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { Queue } from './abstract-queue.ts';
import { deadLetterCycle } from './dead-letter-cycle.ts';

/** Counts the messages of a virtual host that were dead-lettered too often, and tells of them. */
export class DeadLetterLimit {
  readonly #vhost: VirtualHost;
  #count = 0;
  #toldAt = -Infinity;

  constructor(vhost: VirtualHost) {
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
