/** What there may be at most, of items and of the octets that they carry. */
export interface RecentLimits {
  readonly items: number;
  readonly bytes: number;
}

/** The last items of a stream, the oldest first; the array grows and shrinks in place. */
export class Recent<T> {
  readonly items: T[] = [];
  readonly #limits: RecentLimits;
  readonly #bytesOf: (item: T) => number;
  #bytes = 0;

  constructor(limits: RecentLimits, bytesOf: (item: T) => number) {
    this.#limits = limits;
    this.#bytesOf = bytesOf;
  }

  /** The oldest go a tenth at a time: taking many from the front costs no more than taking one. */
  add(item: T): void {
    const { items, bytes } = this.#limits;
    this.items.push(item);
    this.#bytes += this.#bytesOf(item);
    if (this.items.length > items || this.#bytes > bytes) this.#shrink(0.9 * items, 0.9 * bytes);
  }

  clear(): void {
    this.items.length = 0;
    this.#bytes = 0;
  }

  /** The last one stays, however large it is. */
  #shrink(items: number, bytes: number): void {
    let gone = 0;
    while (gone < this.items.length - 1
      && (this.items.length - gone > items || this.#bytes > bytes)) {
      this.#bytes -= this.#bytesOf(this.items[gone++]!);
    }
    this.items.splice(0, gone);
  }
}
