/** That a message lies in a queue, or is held back by an exchange. */
export interface Entry {
  readonly destination: number;
  /** It expires then, or is due then; Infinity: never. Of one that died: when that was. */
  readonly until: number;
  /**
   * 0: it never was out. Else one more than how often it came back: the last time it may have
   * been out when the broker crashed, which makes it redelivered and does not count.
   */
  readonly outCount: number;
  /** Why it died and waits for a queue to take it over, as a number; 0: it is alive. QUE-29. */
  readonly death: number;
  /** It came back, and is ready again then; 0: it is. QUE-29. */
  readonly readyAt: number;
}

/** So many are looked through; of more, the place of each is known. */
const SEARCHED_MAX = 16;

/** The entries of one message beyond its first, by destination; each may leave at any time. */
export class Entries {
  readonly all: Entry[] = [];
  /** Where each is, once there are many. */
  #places: Map<number, number> | undefined;

  add(entry: Entry): void {
    this.#places?.set(entry.destination, this.all.length);
    this.all.push(entry);
  }

  find(destination: number): Entry | undefined {
    return this.all[this.#placeOf(destination)];
  }

  /** Takes the place of the one for the same destination, if there is one. */
  replace(entry: Entry): void {
    const place = this.#placeOf(entry.destination);
    if (place !== -1) this.all[place] = entry;
  }

  /** Takes any of them out. */
  pop(): Entry | undefined {
    const last = this.all.pop();
    if (last !== undefined) this.#places?.delete(last.destination);
    return last;
  }

  /** Takes the one for this destination out; the last one has its place from then on. */
  remove(destination: number): void {
    const place = this.#placeOf(destination);
    if (place === -1) return;
    const last = this.pop()!;
    if (place === this.all.length) return;
    this.all[place] = last;
    this.#places?.delete(destination);
    this.#places?.set(last.destination, place);
  }

  #placeOf(destination: number): number {
    if (this.all.length <= SEARCHED_MAX) {
      return this.all.findIndex((entry) => entry.destination === destination);
    }
    this.#places ??= new Map(this.all.map((entry, place) => [entry.destination, place]));
    return this.#places.get(destination) ?? -1;
  }
}
