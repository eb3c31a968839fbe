import type { DurableDestination } from '../turn/keeper.ts';

/** The numbers under which the journal knows destinations. None is ever given away twice. */
export class Destinations {
  lastNumber = 0;
  #reserved: number | undefined;
  readonly #numbers = new Map<DurableDestination, number>();
  readonly #destinations = new Map<number, DurableDestination>();
  /** The pair that was asked for last: a run of messages asks for the same again and again. */
  #lastFound: DurableDestination | undefined;
  #lastFoundNumber = 0;

  numberOf(destination: DurableDestination): number {
    if (destination === this.#lastFound) return this.#lastFoundNumber;
    const known = this.#numbers.get(destination);
    if (known !== undefined) {
      this.#remember(destination, known);
      return known;
    }
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
    const isLast = number === this.#lastFoundNumber;
    const destination = isLast ? this.#lastFound : this.#destinations.get(number);
    if (destination === undefined || destination.gone) return undefined;
    this.#remember(destination, number);
    return destination;
  }

  get all(): readonly DurableDestination[] {
    return [...this.#destinations.values()].filter(({ gone }) => !gone);
  }

  forget(destination: DurableDestination): void {
    const number = this.#numbers.get(destination);
    this.#numbers.delete(destination);
    if (number !== undefined) this.#destinations.delete(number);
    this.#remember(undefined, 0);
  }

  #remember(destination: DurableDestination | undefined, number: number): void {
    this.#lastFound = destination;
    this.#lastFoundNumber = number;
  }
}
