/** What one run of one client came to. */
export interface ClientFigures {
  readonly messagesPerSecond: number;
  /** User and system time of the client's process. */
  readonly cpuSecondsPerMillion: number;
}

/** Counts messages; measures from the end of the warm-up to the last one. */
export class Counter {
  readonly total: number;
  /** Resolves at the last message. */
  readonly full: Promise<ClientFigures>;
  readonly #warmUp: number;
  #resolve: (figures: ClientFigures) => void = () => {};
  #count = 0;
  #began = 0;
  #cpu: NodeJS.CpuUsage | undefined;

  constructor(messages: number, warmUp: number) {
    this.total = messages + warmUp;
    this.#warmUp = warmUp;
    this.full = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** One more message is confirmed, or acknowledged. */
  add(): void {
    this.#count += 1;
    if (this.#count === this.#warmUp) {
      this.#cpu = process.cpuUsage();
      this.#began = performance.now();
    } else if (this.#count === this.total) {
      const seconds = (performance.now() - this.#began) / 1000;
      const { user, system } = process.cpuUsage(this.#cpu);
      const messages = this.total - this.#warmUp;
      this.#resolve({
        messagesPerSecond: messages / seconds,
        cpuSecondsPerMillion: (user + system) / messages,
      });
    }
  }
}
