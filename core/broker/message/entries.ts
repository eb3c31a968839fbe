import type { Entry } from './table.ts';

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
