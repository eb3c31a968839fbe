import type { ByteHash } from './byte-hash.ts';
import type { Model } from './model.ts';
import type { LinkWatch } from './sim-network.ts';
import { StrictDecoder, type WireMethod } from './strict-decoder.ts';
import { describeMethod, type Trace } from './trace.ts';
import { Violation } from './violation.ts';

/** What sees all that goes through the broker's doors. */
export interface Observer {
  readonly model: Model;
  readonly hash: ByteHash;
  readonly trace: Trace;
  now(): number;
  /** Keeps what was thrown: nothing may be thrown into the broker. */
  guard(work: () => void): void;
  endTurn(): void;
}

/** One connection as the broker's door shows it, decoded for the model. */
export class WatchedLink implements LinkWatch {
  readonly #id: number;
  readonly #observer: Observer;
  readonly #heard: StrictDecoder;
  readonly #said: StrictDecoder;
  /** The client talks nonsense: nobody can say what the broker should hear. */
  #nonsense = false;

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
      model.said(id, method);
    });
  }

  received(chunk: Uint8Array): void {
    this.#observer.hash.add(chunk);
    this.#observer.model.now = this.#observer.now();
    if (this.#nonsense) return;
    this.#observer.guard(() => {
      try {
        this.#heard.feed(chunk);
      } catch (error) {
        if (!(error instanceof Violation) || error.check !== 'decoder') throw error;
        this.#nonsense = true;
      }
    });
  }

  dealtWith(): void {
    this.#observer.endTurn();
  }

  sent(chunk: Uint8Array): void {
    this.#observer.hash.add(chunk);
    // A client that does not speak AMQP gets the header of who does. CON-01.
    if (chunk.length === 8 && chunk[0] === 0x41) return;
    this.#observer.guard(() => this.#said.feed(chunk));
  }

  ending(): void {
    this.#observer.trace.add(this.#observer.model.turn, this.#observer.now(), this.#name, 'ends');
    this.#observer.guard(() => this.#observer.model.ending(this.#id));
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
