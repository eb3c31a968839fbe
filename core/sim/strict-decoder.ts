import {
  basicProperties, FRAME_END, frameTypes, methods, PROTOCOL_HEADER, type MethodSpec,
} from '../protocol/spec.ts';
import type { MethodName } from '../protocol/types.ts';
import { StrictValues } from './strict-values.ts';
import { check, Violation } from './violation.ts';

/** A method as it went over the wire, with the message that it carried. */
export interface WireMethod {
  readonly channel: number;
  readonly name: MethodName;
  readonly args: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly body?: Uint8Array;
}

interface Unfinished {
  readonly channel: number;
  readonly name: MethodName;
  readonly args: Readonly<Record<string, unknown>>;
  properties?: Readonly<Record<string, unknown>>;
  bodyBytes: number;
  readonly pieces: Uint8Array[];
  received: number;
}

const byId = new Map(Object.entries(methods).map(([name, spec]) =>
  [(spec.id[0] << 16) | spec.id[1], [name as MethodName, spec as MethodSpec] as const]));

/**
 * Decodes one direction of a connection and takes offence at whatever the specification does not
 * allow. It shares no code with the broker's own codec, so that one cannot hide the other's fault.
 */
export class StrictDecoder {
  /** Largest frame that was agreed on. */
  frameBytesMax = 131_072;
  readonly #from: 'client' | 'server';
  readonly #take: (method: WireMethod) => void;
  #rest = new Uint8Array(0);
  #headerSeen: boolean;
  readonly #contents = new Map<number, Unfinished>();

  constructor(from: 'client' | 'server', take: (method: WireMethod) => void) {
    this.#from = from;
    this.#take = take;
    this.#headerSeen = from === 'server';
  }

  /** Whether a frame or a message is not whole yet. */
  get unfinished(): boolean {
    return this.#rest.length > 0 || this.#contents.size > 0;
  }

  feed(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const view = new DataView(bytes.buffer);
    const waitsForHeader = !this.#headerSeen && bytes.length < PROTOCOL_HEADER.length;
    if (waitsForHeader) {
      this.#rest = bytes;
      return;
    }
    let at = this.#skipHeader(bytes);
    while (bytes.length - at >= 7) {
      const size = view.getUint32(at + 3);
      check(size + 8 <= this.frameBytesMax, 'decoder', () => `a frame of ${size + 8} octets`);
      if (bytes.length - at < size + 8) break;
      check(bytes[at + 7 + size] === FRAME_END, 'decoder', () => 'a frame without its end');
      const payload = bytes.slice(at + 7, at + 7 + size);
      this.#judgeFrame(bytes[at]!, view.getUint16(at + 1), payload);
      at += size + 8;
    }
    this.#rest = bytes.slice(at);
  }

  #skipHeader(bytes: Uint8Array): number {
    if (this.#headerSeen) return 0;
    this.#headerSeen = true;
    const same = PROTOCOL_HEADER.every((octet, index) => bytes[index] === octet);
    check(same, 'decoder', () => 'another protocol header');
    return PROTOCOL_HEADER.length;
  }

  /** A client may send what it may not; the broker then answers, or is deaf on that channel. */
  #judgeFrame(type: number, channel: number, payload: Uint8Array): void {
    try {
      this.#frame(type, channel, payload);
    } catch (error) {
      if (this.#from === 'server' || !(error instanceof Violation)) throw error;
      this.#contents.delete(channel);
    }
  }

  #frame(type: number, channel: number, payload: Uint8Array): void {
    const values = new StrictValues(payload);
    switch (type) {
      case frameTypes.method:
        this.#method(channel, values);
        break;
      case frameTypes.header:
        this.#header(channel, values);
        break;
      case frameTypes.body:
        this.#body(channel, values);
        break;
      case frameTypes.heartbeat:
        check(channel === 0 && payload.length === 0, 'decoder', () => 'an odd heartbeat');
        break;
      default:
        check(false, 'decoder', () => `a frame of type ${type}`);
    }
    check(values.left === 0, 'decoder', () => `${values.left} octets too many in a frame`);
  }

  #method(channel: number, values: StrictValues): void {
    const id = values.unsigned(4);
    const found = byId.get(id);
    check(found !== undefined, 'decoder', () => `method ${id >>> 16}.${id & 0xffff}`);
    const [name, spec] = found;
    check(spec.from === 'both' || spec.from === this.#from, 'decoder',
      () => `${name} from the ${this.#from}`);
    check((channel === 0) === name.startsWith('connection.'), 'decoder',
      () => `${name} on channel ${channel}`);
    // A close may cut a message short, and nothing else may.
    const isClose = name === 'channel.close' || name === 'channel.close-ok';
    if (isClose) this.#contents.delete(channel);
    check(!this.#contents.has(channel), 'decoder', () => `${name} within a message`);
    const args = values.arguments(spec.args);
    if (spec.content !== true) {
      this.#take({ channel, name, args });
      return;
    }
    this.#contents.set(channel, { channel, name, args, bodyBytes: 0, pieces: [], received: 0 });
  }

  #header(channel: number, values: StrictValues): void {
    const content = this.#contents.get(channel);
    check(content !== undefined && content.properties === undefined, 'decoder',
      () => `a content header on channel ${channel} that nothing asked for`);
    const kind = values.unsigned(4);
    check(kind === 60 << 16, 'decoder', () => `content of class ${kind >>> 16}`);
    content.bodyBytes = values.unsigned(8);
    const flags = values.unsigned(2);
    check((flags & 3) === 0, 'decoder', () => `property flags ${flags}`);
    const properties: Record<string, unknown> = {};
    basicProperties.forEach(([name, domain], index) => {
      if ((flags & (0x8000 >> index)) !== 0) properties[name] = values.value(domain);
    });
    content.properties = properties;
    this.#finish(content);
  }

  #body(channel: number, values: StrictValues): void {
    const content = this.#contents.get(channel);
    check(content?.properties !== undefined, 'decoder', () => 'a body that nothing asked for');
    const piece = values.octets(values.left);
    content.pieces.push(piece);
    content.received += piece.length;
    check(content.received <= content.bodyBytes, 'decoder', () => 'a body longer than announced');
    this.#finish(content);
  }

  #finish({ channel, name, args, properties, bodyBytes, pieces, received }: Unfinished): void {
    if (received < bodyBytes) return;
    this.#contents.delete(channel);
    const body = new Uint8Array(bodyBytes);
    let at = 0;
    for (const piece of pieces) {
      body.set(piece, at);
      at += piece.length;
    }
    this.#take({ channel, name, args, properties: properties!, body });
  }
}
