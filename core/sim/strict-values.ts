import type { Domain } from '../protocol/spec.ts';
import { check } from './violation.ts';

/**
 * Reads values off the wire, by the letter of AMQP 4.2.5 and RabbitMQ's table of type tags. It
 * shares no code with the codec that it judges.
 */
export class StrictValues {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  unsigned(octets: 1 | 2 | 4 | 8): number {
    const at = this.#skip(octets);
    if (octets === 1) return this.#view.getUint8(at);
    if (octets === 2) return this.#view.getUint16(at);
    if (octets === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  octets(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  text(count: number): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.octets(count));
  }

  /** Arguments in wire order; neighbouring bits share an octet, whose other bits are zero. */
  arguments(fields: readonly (readonly [string, Domain])[]): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    let bits = 0;
    let bitCount = 0;
    fields.forEach(([name, domain], index) => {
      if (domain !== 'bit') {
        found[name] = this.#value(domain);
        return;
      }
      if (bitCount % 8 === 0) bits = this.unsigned(1);
      found[name] = ((bits >> (bitCount % 8)) & 1) === 1;
      bitCount++;
      if (fields[index + 1]?.[1] === 'bit') return;
      check(bits >> bitCount === 0, 'decoder', () => `bits behind ${name} are not zero`);
      bitCount = 0;
    });
    return found;
  }

  value(domain: Exclude<Domain, 'bit'>): unknown {
    return this.#value(domain);
  }

  #value(domain: Exclude<Domain, 'bit'>): unknown {
    switch (domain) {
      case 'octet': return this.unsigned(1);
      case 'short': return this.unsigned(2);
      case 'long': return this.unsigned(4);
      case 'longlong': case 'timestamp': return this.unsigned(8);
      case 'shortstr': return this.text(this.unsigned(1));
      case 'longstr': return this.text(this.unsigned(4));
      case 'bytes': return this.octets(this.unsigned(4));
      case 'table': return this.#table();
    }
  }

  #table(): Record<string, unknown> {
    const inner = new StrictValues(this.octets(this.unsigned(4)));
    const table: Record<string, unknown> = {};
    while (inner.left > 0) {
      const name = inner.text(inner.unsigned(1));
      check(!Object.hasOwn(table, name), 'decoder', () => `field ${name} comes twice`);
      table[name] = inner.#field();
    }
    return table;
  }

  #field(): unknown {
    const tag = String.fromCharCode(this.unsigned(1));
    switch (tag) {
      case 't': return this.unsigned(1) !== 0;
      case 'b': return this.#view.getInt8(this.#skip(1));
      case 'B': return this.unsigned(1);
      case 's': return this.#view.getInt16(this.#skip(2));
      case 'u': return this.unsigned(2);
      case 'I': return this.#view.getInt32(this.#skip(4));
      case 'i': return this.unsigned(4);
      case 'l': return Number(this.#view.getBigInt64(this.#skip(8)));
      case 'f': return this.#view.getFloat32(this.#skip(4));
      case 'd': return this.#view.getFloat64(this.#skip(8));
      case 'D': return this.octets(5);
      case 'S': return this.text(this.unsigned(4));
      case 'x': return this.octets(this.unsigned(4));
      case 'T': return this.unsigned(8);
      case 'F': return this.#table();
      case 'V': return undefined;
      case 'A': {
        const inner = new StrictValues(this.octets(this.unsigned(4)));
        const values: unknown[] = [];
        while (inner.left > 0) values.push(inner.#field());
        return values;
      }
    }
    check(false, 'decoder', () => `there is no field of type ${tag}`);
  }

  #skip(octets: number): number {
    const at = this.#at;
    check(octets <= this.left, 'decoder', () => `${octets} octets wanted, ${this.left} left`);
    this.#at += octets;
    return at;
  }
}
