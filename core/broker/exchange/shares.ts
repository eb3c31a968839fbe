import { assert } from '../../assert.ts';

/** Places of those that went are kept until there are so many more of them than others. */
const GONE_KEPT = 16;

interface Place<D> {
  readonly destination: D;
  /** How many buckets it has; 0: it went. */
  weight: number;
}

/**
 * Buckets dealt out to destinations, to each a run of them, in the order in which they came. Those
 * behind one that goes move up. However many there are, each of these costs no more than the
 * height of a tree: a Fenwick tree, whose node i holds the sum of the lowbit(i) places up to i.
 */
export class Shares<D> {
  #places: Place<D>[] = [];
  /** From 1 on. */
  #sums: number[] = [0];
  readonly #indexes = new Map<D, number>();
  bucketCount = 0;

  append(destination: D, weight: number): void {
    const index = this.#places.push({ destination, weight });
    let sum = weight;
    for (let low = 1; low < lowBit(index); low *= 2) sum += this.#sums[index - low]!;
    this.#sums.push(sum);
    this.#indexes.set(destination, index);
    this.bucketCount += weight;
  }

  remove(destination: D): void {
    const index = this.#indexes.get(destination);
    assert(index !== undefined, 'a share that goes was there');
    const place = this.#places[index - 1]!;
    for (let i = index; i < this.#sums.length; i += lowBit(i)) this.#sums[i]! -= place.weight;
    this.bucketCount -= place.weight;
    place.weight = 0;
    this.#indexes.delete(destination);
    if (this.#places.length > 2 * this.#indexes.size + GONE_KEPT) this.#compact();
  }

  /** Whose bucket it is; `bucket` is less than `bucketCount`. */
  at(bucket: number): D {
    let index = 0;
    let left = bucket;
    for (let step = 2 ** Math.floor(Math.log2(this.#sums.length)); step >= 1; step /= 2) {
      const sum = this.#sums[index + step];
      if (sum === undefined || sum > left) continue;
      index += step;
      left -= sum;
    }
    return this.#places[index]!.destination;
  }

  #compact(): void {
    const places = this.#places.filter(({ weight }) => weight > 0);
    this.#places = [];
    this.#sums = [0];
    this.bucketCount = 0;
    for (const { destination, weight } of places) this.append(destination, weight);
  }
}

function lowBit(index: number): number {
  return index & -index;
}
