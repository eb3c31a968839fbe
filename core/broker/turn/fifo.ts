/** Free places at the front that are let be before the others move up. */
const FREE_MAX = 1024;

/** First in, first out; taking one out costs the same however many wait. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  get last(): T | undefined {
    return this.#items.at(-1);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head > FREE_MAX && this.#head * 2 > this.#items.length) this.#moveUp();
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  #moveUp(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
