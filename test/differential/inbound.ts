/**
 * The receiving half of the wire: it cuts octets into frames, judges each against the rules that hold for
 * any server, and hands on whole arrivals, a content with its method.
 */
import { concat } from '../support/bytes.ts';
import { decodeHeader, decodeMethod, type DecodedFields } from './methods.ts';

export interface Arrival {
  readonly channel: number;
  readonly name: string;
  readonly fields: DecodedFields;
  properties?: DecodedFields;
  body?: Uint8Array;
}

interface ChannelState {
  closedByServer: boolean;
  deliveryTag: bigint;
  readonly consumerTags: Set<string>;
  confirming: boolean;
  published: bigint;
  readonly settled: Set<bigint>;
  partial: { readonly arrival: Arrival; readonly chunks: Uint8Array[]; missing: number; header: boolean } | undefined;
}

const contentMethods = new Set(['basic.return', 'basic.deliver', 'basic.get-ok']);

/** What the receiving half tells the other one. */
export interface Listener {
  arrived(arrival: Arrival): void;
  /** A line for the transcript that is no method: a confirm made plain, or a rule broken. */
  remark(text: string): void;
}

export class Inbound {
  /** True once connection.close or its close-ok has come: nothing is owed after it. */
  closed = false;
  frameBytesMax = 4096;
  readonly #listener: Listener;
  readonly #channels = new Map<number, ChannelState>();
  #received: Uint8Array = new Uint8Array(0);
  #begun = false;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  channel(number: number): ChannelState {
    let state = this.#channels.get(number);
    if (state === undefined) {
      state = {
        closedByServer: false, deliveryTag: 0n, consumerTags: new Set(), confirming: false, published: 0n,
        settled: new Set(), partial: undefined,
      };
      this.#channels.set(number, state);
    }
    return state;
  }

  /** Forgets what was known of the channel, because it is opened anew. */
  forget(number: number): void {
    this.#channels.delete(number);
  }

  /** Throws when the octets make no sense as frames; broken rules short of that are remarks. */
  receive(bytes: Uint8Array): void {
    this.#received = concat([this.#received, bytes]);
    this.#takeProtocolHeader();
    while (this.#takeFrame());
  }

  #takeProtocolHeader(): void {
    if (this.#begun || this.#received[0] !== 0x41 || this.#received.length < 8) return;
    this.#listener.remark(`protocol header AMQP ${[...this.#received.subarray(4, 8)].join(' ')}`);
    this.#received = this.#received.subarray(8);
  }

  #takeFrame(): boolean {
    if (this.#received.length < 8) return false;
    const head = new DataView(this.#received.buffer, this.#received.byteOffset);
    const [type, channel, size] = [head.getUint8(0), head.getUint16(1), head.getUint32(3)];
    if (size + 8 > this.frameBytesMax) throw new Error(`a frame of ${size + 8} octets, ${this.frameBytesMax} agreed`);
    if (this.#received.length < size + 8) return false;
    if (this.#received[size + 7] !== 0xce) throw new Error(`the frame end ${this.#received[size + 7]}`);
    const payload = this.#received.subarray(7, 7 + size);
    this.#received = this.#received.subarray(size + 8);
    this.#begun = true;
    if (type === 8 && channel === 0 && size === 0) return true;
    if (type === 1) this.#takeMethod(channel, payload);
    else if (type === 2) this.#takeHeader(channel, payload);
    else if (type === 3) this.#takeBody(channel, payload);
    else throw new Error(`a frame of type ${type} on channel ${channel}`);
    return true;
  }

  #takeMethod(channel: number, payload: Uint8Array): void {
    const state = this.channel(channel);
    const arrival: Arrival = { channel, ...decodeMethod(payload) };
    // A server that is closing still answers the close of the client, and says nothing else.
    if (this.closed && arrival.name !== 'connection.close-ok') {
      throw new Error(`${arrival.name} after connection.close`);
    }
    if (state.partial !== undefined) throw new Error(`${arrival.name} in the middle of a content`);
    if ((channel === 0) !== arrival.name.startsWith('connection.')) {
      throw new Error(`${arrival.name} on channel ${channel}`);
    }
    this.#judge(state, arrival);
    if (contentMethods.has(arrival.name)) {
      state.partial = { arrival, chunks: [], missing: 0, header: false };
      return;
    }
    this.#complete(arrival);
  }

  /** The rules on the server's methods that hold on a channel as a whole. */
  #judge(state: ChannelState, { name, fields }: Arrival): void {
    const consumerTag = String(fields['consumer-tag']);
    if (name === 'connection.close' || name === 'connection.close-ok') this.closed = true;
    if (name === 'channel.close') state.closedByServer = true;
    if (name === 'basic.consume-ok') state.consumerTags.add(consumerTag);
    if (name === 'basic.cancel-ok' || name === 'basic.cancel') state.consumerTags.delete(consumerTag);
    if (name === 'basic.deliver' && !state.consumerTags.has(consumerTag)) {
      this.#listener.remark(`VIOLATION basic.deliver to ${consumerTag}, which is not consuming`);
    }
    if (name !== 'basic.deliver' && name !== 'basic.get-ok') return;
    state.deliveryTag += 1n;
    if (fields['delivery-tag'] !== state.deliveryTag) {
      this.#listener.remark(`VIOLATION delivery tag ${fields['delivery-tag']} where ${state.deliveryTag} is next`);
    }
  }

  #takeHeader(channel: number, payload: Uint8Array): void {
    const { partial } = this.channel(channel);
    if (partial === undefined || partial.header) throw new Error('a content header out of place');
    const { bodySize, properties } = decodeHeader(payload);
    partial.header = true;
    partial.missing = bodySize;
    partial.arrival.properties = properties;
    this.#completeContent(channel);
  }

  #takeBody(channel: number, payload: Uint8Array): void {
    const { partial } = this.channel(channel);
    if (partial === undefined || !partial.header) throw new Error('a content body out of place');
    if (payload.length === 0 || payload.length > partial.missing) {
      throw new Error(`a content body of ${payload.length} octets, ${partial.missing} missing`);
    }
    partial.chunks.push(payload);
    partial.missing -= payload.length;
    this.#completeContent(channel);
  }

  #completeContent(channel: number): void {
    const state = this.channel(channel);
    const { partial } = state;
    if (partial === undefined || partial.missing > 0) return;
    state.partial = undefined;
    partial.arrival.body = concat(partial.chunks);
    this.#complete(partial.arrival);
  }

  #complete(arrival: Arrival): void {
    this.#listener.arrived(arrival);
    if (arrival.name === 'basic.ack' || arrival.name === 'basic.nack') this.#takeConfirm(arrival);
  }

  /** Remarks on each confirmed publish, because where a broker says `multiple` is a matter of timing. */
  #takeConfirm({ channel, name, fields }: Arrival): void {
    const { published, settled } = this.channel(channel);
    const last = fields['delivery-tag'] as bigint;
    const tags: bigint[] = [];
    if (fields['multiple'] === true) {
      for (let tag = 1n; tag <= (last === 0n ? published : last); tag += 1n) if (!settled.has(tag)) tags.push(tag);
    } else {
      tags.push(last);
    }
    for (const tag of tags) {
      if (tag < 1n || tag > published || settled.has(tag)) this.#listener.remark(`VIOLATION ${name} of tag ${tag}`);
      settled.add(tag);
      this.#listener.remark(`${name} tag=${tag}`);
    }
  }
}
