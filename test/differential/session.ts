/** One run of one case: its connections, its transcript, and names that no other run uses. */
import { randomBytes } from 'node:crypto';
import { Typed } from './values.ts';
import { Wire, type Address, type Scribe, type WireOptions } from './wire.ts';

/** A case says what a client does; the answers are recorded, not written here. */
export interface Case {
  readonly name: string;
  /** The row of the protocol reference that the case stands for. */
  readonly row: string;
  run(session: Session): Promise<void>;
}

/** Every name of a case begins with this; on the wire it is followed by letters of the run. */
const prefix = 'p.';

export class Session {
  readonly lines: string[] = [];
  readonly #address: Address;
  readonly #runPrefix = `p${randomBytes(3).toString('hex')}.`;
  readonly #names = new Set<string>();
  readonly #wires: Wire[] = [];

  constructor(address: Address) {
    this.#address = address;
  }

  /** Opens a connection and channel 1; a label goes before the lines of all but the first. */
  async connect(options: WireOptions = {}): Promise<Wire> {
    const label = this.#wires.length === 0 ? '' : `${String.fromCharCode(97 + this.#wires.length)}: `;
    const wire = await Wire.connect(this.#address, options, this.#scribe(label));
    this.#wires.push(wire);
    return wire;
  }

  /** Writes a line of the case's own, for what it has seen in a way that is not a method. */
  note(text: string): void {
    this.lines.push(this.#outward(text));
  }

  get user(): string {
    return this.#address.user;
  }

  get password(): string {
    return this.#address.password;
  }

  /** Closes every connection and deletes every queue and exchange that the case may have left. */
  async finish(): Promise<void> {
    for (const wire of this.#wires) await wire.close();
    if (this.#names.size === 0) return;
    const cleaner = await Wire.connect(this.#address, { muted: true }, this.#scribe(''));
    for (const name of this.#names) {
      await cleaner.steps(
        { channel: 1, method: 'queue.delete', fields: { queue: name } },
        { channel: 1, method: 'exchange.delete', fields: { exchange: name } },
      );
    }
    await cleaner.close();
  }

  #scribe(label: string): Scribe {
    return {
      write: (line) => this.lines.push(label + line),
      inward: (value) => this.#inward(value),
      outward: (text) => this.#outward(text),
    };
  }

  #outward(text: string): string {
    return text.replaceAll(this.#runPrefix, prefix);
  }

  #inward<T>(value: T): T {
    if (typeof value === 'string') return this.#inwardName(value) as T;
    if (value === null || typeof value !== 'object') return value;
    if (ArrayBuffer.isView(value) || value instanceof Typed) return value;
    if (Array.isArray(value)) return value.map((element) => this.#inward(element)) as T;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#inward(each)])) as T;
  }

  #inwardName(text: string): string {
    if (!text.startsWith(prefix)) return text;
    const name = this.#runPrefix + text.slice(prefix.length);
    this.#names.add(name);
    return name;
  }
}
