import { AmqpError } from '../../errors.ts';
import type { Delivery } from './delivery.ts';

const CAPACITY_MIN = 16;
/** A delivery and its place, about: half of the places of a ring are taken, or more. */
const BYTES_PER_PLACE = 96;
/** An emptied ring that is larger gives its memory back. */
const CAPACITY_KEPT_MAX = 4096;

/**
 * The deliveries of one channel that are not settled, by delivery tag, oldest first. They lie in
 * a ring in the order of their tags; one that is settled before older ones leaves a hole. A map
 * of them would be made anew over and over, as every delivery enters and leaves it.
 */
export class Unacked {
  readonly #count: (bytes: number) => void;
  #tags = new Float64Array(CAPACITY_MIN);
  #deliveries: (Delivery | undefined)[] = Array.from({ length: CAPACITY_MIN });
  /** Where the oldest lies, and how many places are taken from there on, holes among them. */
  #head = 0;
  #length = 0;
  #held = 0;

  /** `count` hears of the bytes that it takes, beyond the first few. */
  constructor(count: (bytes: number) => void = () => {}) {
    this.#count = count;
  }

  get count(): number {
    return this.#held;
  }

  /** Oldest first. */
  get all(): readonly Delivery[] {
    const all: Delivery[] = [];
    for (let place = 0; place < this.#length; place++) {
      const delivery = this.#deliveries[this.#indexOf(place)];
      if (delivery !== undefined) all.push(delivery);
    }
    return all;
  }

  /** Adds a delivery, whose tag is higher than those of all others. */
  add(delivery: Delivery): void {
    if (this.#length === this.#tags.length) this.#rebuild(this.all);
    const index = this.#indexOf(this.#length++);
    this.#tags[index] = delivery.deliveryTag;
    this.#deliveries[index] = delivery;
    this.#held++;
  }

  /** Takes out what basic.ack, nack or reject names; 406 where there is no such tag. BAS-20. */
  take(deliveryTag: number, multiple: boolean): readonly Delivery[] {
    if (multiple && deliveryTag === 0) return this.takeAll();
    const place = this.#placeOf(deliveryTag);
    const last = this.#takeAt(place);
    if (last === undefined) {
      throw new AmqpError('PRECONDITION_FAILED', `unknown delivery tag ${deliveryTag}`);
    }
    const taken: Delivery[] = [];
    for (let older = multiple ? 0 : place; older < place; older++) {
      const delivery = this.#takeAt(older);
      if (delivery !== undefined) taken.push(delivery);
    }
    taken.push(last);
    this.#skipHoles();
    return taken;
  }

  takeAll(): readonly Delivery[] {
    const { all } = this;
    this.#rebuild([]);
    return all;
  }

  /** Puts deliveries back whose settlement was rolled back; the order stays that of tags. TX-03. */
  restore(deliveries: readonly Delivery[]): void {
    this.#rebuild([...deliveries, ...this.all].sort((a, b) => a.deliveryTag - b.deliveryTag));
  }

  #indexOf(place: number): number {
    return (this.#head + place) & (this.#tags.length - 1);
  }

  /** Where a tag is to be found, if anywhere: tags mostly follow each other without a gap. */
  #placeOf(deliveryTag: number): number {
    const likely = deliveryTag - this.#tags[this.#head]!;
    if (this.#tagAt(likely) === deliveryTag) return likely;
    let low = 0;
    let high = this.#length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tagAt(middle) < deliveryTag) low = middle + 1;
      else high = middle;
    }
    return this.#tagAt(low) === deliveryTag ? low : -1;
  }

  /** NaN where no place is taken. */
  #tagAt(place: number): number {
    const taken = place >= 0 && place < this.#length;
    return taken ? this.#tags[this.#indexOf(place)]! : NaN;
  }

  #takeAt(place: number): Delivery | undefined {
    if (place === -1) return undefined;
    const index = this.#indexOf(place);
    const delivery = this.#deliveries[index];
    if (delivery === undefined) return undefined;
    this.#deliveries[index] = undefined;
    this.#held--;
    return delivery;
  }

  #skipHoles(): void {
    while (this.#length > 0 && this.#deliveries[this.#head] === undefined) {
      this.#head = this.#indexOf(1);
      this.#length--;
    }
    if (this.#length === 0 && this.#tags.length > CAPACITY_KEPT_MAX) this.#rebuild([]);
  }

  /** Holds these, in a ring with room for as many again. */
  #rebuild(all: readonly Delivery[]): void {
    let capacity = CAPACITY_MIN;
    while (capacity < 2 * all.length) capacity *= 2;
    this.#count((capacity - this.#tags.length) * BYTES_PER_PLACE);
    this.#tags = new Float64Array(capacity);
    this.#deliveries = Array.from({ length: capacity });
    this.#head = 0;
    this.#length = 0;
    this.#held = 0;
    for (const delivery of all) this.add(delivery);
  }
}
