/** A consumer, as far as its channel holds it back. */
export interface GatedConsumer {
  /** It may be ready again: the gate has opened. */
  unpark(): void;
}

/**
 * What the consumers of one channel share: deliveries go out while the socket takes them, the
 * client wants them (channel.flow, CHN-02) and the shared prefetch is not used up (BAS-26).
 * A gate of which nothing is asked stays open.
 */
export class Gate<C extends GatedConsumer = GatedConsumer> {
  open = true;
  readonly #consumers = new Set<C>();
  #writable = true;
  #flow = true;
  /** Unacknowledged deliveries of all consumers, and how many there may be; 0: no limit. */
  #held = 0;
  #prefetch = 0;

  get flow(): boolean {
    return this.#flow;
  }

  /** Whether a prefetch is shared by all consumers: that of basic.qos with `global`. */
  get hasPrefetch(): boolean {
    return this.#prefetch !== 0;
  }

  /** That prefetch; 0: none. */
  get prefetch(): number {
    return this.#prefetch;
  }

  get consumers(): Iterable<C> {
    return this.#consumers;
  }

  join(consumer: C): void {
    this.#consumers.add(consumer);
  }

  leave(consumer: C): void {
    this.#consumers.delete(consumer);
  }

  /** When all go on, the consumer comes after the others: whose turn it was stays so. BAS-26. */
  moveBack(consumer: C): void {
    if (this.#consumers.delete(consumer)) this.#consumers.add(consumer);
  }

  /** One more delivery is unacknowledged, or one less. */
  hold(count: 1 | -1): void {
    this.#held += count;
    if (this.#prefetch !== 0) this.#update();
  }

  setPrefetch(count: number): void {
    this.#prefetch = count;
    this.#update();
  }

  setFlow(active: boolean): void {
    this.#flow = active;
    this.#update();
  }

  setWritable(on: boolean): void {
    this.#writable = on;
    this.#update();
  }

  #update(): void {
    const credit = this.#prefetch === 0 || this.#held < this.#prefetch;
    const open = this.#writable && this.#flow && credit;
    if (open === this.open) return;
    this.open = open;
    if (!open) return;
    for (const consumer of this.#consumers) consumer.unpark();
  }
}
