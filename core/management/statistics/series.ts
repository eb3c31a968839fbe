const BYTES_PER_NUMBER = 8;
/** What a series takes beside its numbers, as measured. */
const SERIES_BYTES = 160;
const ENTRIES_MIN = 2;
const NO_ENTRIES = new Float64Array(0);

/** How much memory all series may take together, and how much they do. */
export class SampleBudget {
  readonly bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for so much more; then it counts as taken. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Values of one thing over time, as many numbers in each entry as it has statistics. An entry is
 * made only when a value is another one, so what stands still takes next to no memory. The ring
 * grows as far as its span and the budget let; the oldest entries make room for new ones.
 */
export class Series {
  readonly #width: number;
  /** 0: there was no room for it. */
  #entriesMax: number;
  readonly #budget: SampleBudget;
  /** Each entry: its time in milliseconds, then its values. */
  #ring = NO_ENTRIES;
  #capacity = 0;
  #first = 0;
  #count = 0;
  /** Entries were dropped, so that before the first one there was something else. */
  #hasForgotten = false;

  /** `entriesMax`: how many there can be in the span that it is kept for. */
  constructor(width: number, entriesMax: number, budget: SampleBudget) {
    this.#width = width;
    this.#budget = budget;
    this.#entriesMax = budget.take(SERIES_BYTES) ? entriesMax : 0;
  }

  /** Gives its memory back. */
  end(): void {
    if (this.#entriesMax === 0) return;
    this.#budget.give(SERIES_BYTES + this.#ring.length * BYTES_PER_NUMBER);
    this.#entriesMax = 0;
    this.#capacity = 0;
    this.#count = 0;
    this.#ring = NO_ENTRIES;
  }

  /** Notes the values at a time; those of times before `since` are needed no more. */
  add(at: number, values: Float64Array, since: number): void {
    if (this.#count > 0 ? this.#isSame(values) : this.#isZero(values)) return;
    // The newest entry of the time before tells what held when the span began.
    while (this.#count > 1 && this.#timeOf(1) <= since) this.#dropFirst();
    if (this.#count === this.#capacity && !this.#grow()) {
      if (this.#capacity === 0) return;
      this.#dropFirst();
    }
    const start = this.#startOf(this.#count++);
    this.#ring[start] = at;
    for (let i = 0; i < this.#width; i++) this.#ring[start + 1 + i] = values[i]!;
  }

  /** A value as it was at a time; 0 before the first entry, undefined where it is forgotten. */
  valueAt(at: number, column: number): number | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timeOf(middle) <= at) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return this.#hasForgotten ? undefined : 0;
    return this.#ring[this.#startOf(low - 1) + 1 + column]!;
  }

  #dropFirst(): void {
    this.#first = (this.#first + 1) % this.#capacity;
    this.#count--;
    this.#hasForgotten = true;
  }

  #timeOf(entry: number): number {
    return this.#ring[this.#startOf(entry)]!;
  }

  #startOf(entry: number): number {
    return ((this.#first + entry) % this.#capacity) * (this.#width + 1);
  }

  #isSame(values: Float64Array): boolean {
    const start = this.#startOf(this.#count - 1) + 1;
    for (let i = 0; i < this.#width; i++) if (this.#ring[start + i] !== values[i]) return false;
    return true;
  }

  /** Before the first entry all is 0, so that idle things take no ring. */
  #isZero(values: Float64Array): boolean {
    for (let i = 0; i < this.#width; i++) if (values[i] !== 0) return false;
    return true;
  }

  #grow(): boolean {
    const capacity = Math.min(Math.max(ENTRIES_MIN, 2 * this.#capacity), this.#entriesMax);
    const more = (capacity - this.#capacity) * (this.#width + 1);
    if (more <= 0 || !this.#budget.take(more * BYTES_PER_NUMBER)) return false;
    const ring = new Float64Array(capacity * (this.#width + 1));
    for (let entry = 0; entry < this.#count; entry++) {
      const start = this.#startOf(entry);
      ring.set(this.#ring.subarray(start, start + this.#width + 1), entry * (this.#width + 1));
    }
    this.#ring = ring;
    this.#capacity = capacity;
    this.#first = 0;
    return true;
  }
}
