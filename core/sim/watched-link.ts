import type { ByteHash } from './byte-hash.ts';
import type { Model } from './model.ts';
import type { LinkWatch } from './sim-network.ts';
import { StrictDecoder, type WireMethod } from './strict-decoder.ts';
import { describeMethod, type Trace } from './trace.ts';
import { check, Violation } from './violation.ts';

/** What sees all that goes through the broker's doors. */
export interface Observer {
  readonly model: Model;
  readonly hash: ByteHash;
  readonly trace: Trace;
  now(): number;
  /** Keeps what was thrown: nothing may be thrown into the broker. */
  guard(work: () => void): void;
  endTurn(): void;
  /** The model is told of something. */
  stirred(): void;
}

/** One connection as the broker's door shows it, decoded for the model. */
export class WatchedLink implements LinkWatch {
  readonly #id: number;
  readonly #observer: Observer;
  readonly #heard: StrictDecoder;
  readonly #said: StrictDecoder;
  /** The client talks nonsense: nobody can say what the broker should hear. */
  #nonsense = false;
  /** What came and was not read by the broker yet, as far as that is known. */
  #coming: Uint8Array[] = [];
  #comingBytes = 0;
  /** Octets that came and that the broker holds back until it reads on. */
  heldBytes: () => number = () => 0;
  /** Deliveries since the broker was told to wait. */
  #unwanted: number | undefined;

  constructor(id: number, observer: Observer) {
    this.#id = id;
    this.#observer = observer;
    const { model } = observer;
    model.connect(id);
    this.#heard = new StrictDecoder('client', (method) => {
      this.#note('>', method);
      model.heard(id, method);
    });
    this.#said = new StrictDecoder('server', (method) => {
      this.#note('<', method);
      this.#checkWanted(method);
      model.said(id, method);
    });
  }

  received(chunk: Uint8Array): void {
    // What the broker said of its own accord, when a read of the disk ended, is older than this.
    if (this.#observer.model.hasSpoken) this.#observer.endTurn();
    this.#observer.hash.add(chunk);
    if (this.#nonsense) return;
    this.#coming.push(chunk);
    this.#comingBytes += chunk.length;
  }

  /** Tells the model what the broker has read by now; whether that is anything. */
  hear(): boolean {
    if (this.#comingBytes === 0) return false;
    let left = this.#comingBytes - this.heldBytes();
    if (left <= 0) return false;
    this.#comingBytes -= left;
    this.#observer.stirred();
    this.#observer.model.now = this.#observer.now();
    while (left > 0) {
      const chunk = this.#coming[0]!;
      const read = chunk.subarray(0, left);
      left -= read.length;
      if (read.length === chunk.length) this.#coming.shift();
      else this.#coming[0] = chunk.subarray(read.length);
      this.#feed(read);
    }
    return true;
  }

  #feed(octets: Uint8Array): void {
    if (this.#nonsense) return;
    this.#observer.guard(() => {
      try {
        this.#heard.feed(octets);
      } catch (error) {
        if (!(error instanceof Violation) || error.check !== 'decoder') throw error;
        this.#nonsense = true;
      }
    });
  }

  dealtWith(): void {
    this.hear();
    this.#observer.endTurn();
  }

  sent(chunk: Uint8Array, wanted: boolean): void {
    this.#observer.hash.add(chunk);
    this.#unwanted = wanted ? undefined : this.#unwanted ?? 0;
    // A client that does not speak AMQP gets the header of who does. CON-01.
    if (chunk.length === 8 && chunk[0] === 0x41) return;
    this.#observer.guard(() => this.#said.feed(chunk));
  }

  ending(behindInput: boolean): boolean {
    this.hear();
    if (behindInput && this.heldBytes() > 0) return false;
    this.#observer.trace.add(this.#observer.model.turn, this.#observer.now(), this.#name, 'ends');
    this.#observer.guard(() => this.#observer.model.ending(this.#id));
    return true;
  }

  /** Who does not read costs no more than what was begun: deliveries wait in their queues. */
  #checkWanted({ name }: WireMethod): void {
    if (this.#unwanted === undefined || name !== 'basic.deliver') return;
    this.#unwanted++;
    check(this.#unwanted <= 1, 'outbound', () => `${this.#name} does not read, and is sent more`);
  }

  get #name(): string {
    return `connection ${this.#id}`;
  }

  #note(direction: string, method: WireMethod): void {
    const { trace, model } = this.#observer;
    const text = `${direction} ${describeMethod(method)}`;
    trace.add(model.turn, this.#observer.now(), this.#name, text);
  }
}
