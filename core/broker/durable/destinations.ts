/** A durable queue or exchange, which messages lie in. */
export interface DurableDestination {
  readonly gone: boolean;
  /** Messages that wait in it; absent where none is ever fetched before its time. */
  readonly readyCount?: number;
}

/** The numbers under which the journal knows destinations. None is ever given away twice. */
export class Destinations {
  lastNumber = 0;
  #reserved: number | undefined;
  readonly #numbers = new Map<DurableDestination, number>();
  readonly #destinations = new Map<number, DurableDestination>();

  numberOf(destination: DurableDestination): number {
    const known = this.#numbers.get(destination);
    if (known !== undefined) return known;
    const number = this.#reserved ?? this.lastNumber + 1;
    this.#reserved = undefined;
    this.lastNumber = Math.max(this.lastNumber, number);
    this.#numbers.set(destination, number);
    this.#destinations.set(number, destination);
    return number;
  }

  /** The destination that is made next had this number before the restart. */
  reserve(number: number): void {
    this.#reserved = number;
  }

  /** The destination of this number, unless it is gone. */
  find(number: number): DurableDestination | undefined {
    const destination = this.#destinations.get(number);
    return destination?.gone === true ? undefined : destination;
  }

  get all(): readonly DurableDestination[] {
    return [...this.#destinations.values()].filter(({ gone }) => !gone);
  }

  forget(destination: DurableDestination): void {
    const number = this.#numbers.get(destination);
    this.#numbers.delete(destination);
    if (number !== undefined) this.#destinations.delete(number);
  }
}
