import type { SettingTable } from './definition/setting-table.ts';
import type { Queue } from './queue/abstract-queue.ts';

/** Which queues of a virtual host are paused. Those that are durable are so after a restart too. */
export class PausedQueues {
  readonly #table: SettingTable<true>;
  readonly #vhost: string;
  readonly #find: (name: string) => Queue | undefined;

  constructor(
    table: SettingTable<true>, vhost: string, find: (name: string) => Queue | undefined,
  ) {
    this.#table = table;
    this.#vhost = vhost;
    this.#find = find;
  }

  /** Pauses a queue or lets it go on. Errors: 541 where the disk failed. */
  set(queue: Queue, isPaused: boolean): void {
    const { name, vhost: { events, turn }, options: { durable } } = queue;
    if (isPaused === queue.isPaused) return;
    turn.within(() => {
      if (isPaused) this.#table.set(this.#vhost, name, true, durable);
      else this.#table.delete(this.#vhost, name);
      queue.pause(isPaused);
      const type = isPaused ? 'queue.paused' : 'queue.resumed';
      events.emit({ type, vhost: this.#vhost, queue: name });
    });
  }

  /** A start brought a queue back, or what somebody set for it. */
  restore(name: string): void {
    const isPaused = this.#table.get(this.#vhost, name) === true;
    this.#find(name)?.pause(isPaused);
  }

  /** The queue is gone, and another one of its name is not paused. */
  forget({ name }: Queue): void {
    this.#table.forget(this.#vhost, name);
  }
}
