/**
 * A raw AMQP client over TCP that is strict about every octet it receives and writes down what it sees.
 * It waits for frames, never for time: silence is proven by a method that must be answered.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { Inbound, type Arrival } from './inbound.ts';
import { encodeFrame, encodeHeader, encodeMethod, repliesTo, type Fields } from './methods.ts';
import { formatBody, formatHeader, formatMethod, normalise } from './transcript.ts';
import { encodeTableEntries, integer, type Table } from './values.ts';

/** One thing to send: a method, with content if it has a body, or octets that no client should send. */
export interface Outgoing {
  readonly channel: number;
  readonly method?: string;
  readonly fields?: Fields;
  readonly body?: string | Uint8Array;
  readonly properties?: Fields;
  readonly octets?: Uint8Array;
  /** Sent again and again until this answer comes. */
  readonly repeatUntil?: string;
  /** Nothing is sent: so many methods of a name are waited for, counted from the beginning. */
  readonly awaits?: readonly [name: string, count: number];
}

/** How far the handshake goes before the transcript begins. */
export type Stage = 'header' | 'start' | 'start-ok' | 'tune' | 'ready';

export interface WireOptions {
  readonly header?: Uint8Array;
  readonly capabilities?: Table;
  readonly mechanism?: string;
  readonly response?: string | Table;
  readonly password?: string;
  readonly virtualHost?: string;
  readonly tune?: Fields;
  readonly until?: Stage;
  /** For a connection that cleans up: it leaves no line in the transcript. */
  readonly muted?: boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Where lines go, and how the names of a case are made its own and shown again as written. */
export interface Scribe {
  write(line: string): unknown;
  inward<T>(value: T): T;
  outward(text: string): string;
}

const protocolHeader = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');
const barrierTag = 'barrier';
const defaultCapabilities: Table = {
  authentication_failure_close: true, consumer_cancel_notify: true, 'basic.nack': true,
};
/** Longer than the three seconds for which RabbitMQ delays a silent close. */
const patienceMilliseconds = 8_000;

export class Wire {
  readonly arrivals: Arrival[] = [];
  #ended = false;
  readonly #socket: Socket;
  readonly #scribe: Scribe;
  readonly #inbound = new Inbound({
    arrived: (arrival) => this.#arrived(arrival),
    remark: (text) => this.#write(text),
  });
  /** Nothing is written before the stage of the handshake where the transcript begins, nor after the case. */
  #muted = true;
  #hidden: ((arrival: Arrival) => boolean) | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, scribe: Scribe) {
    this.#socket = socket;
    this.#scribe = scribe;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#receive(bytes as Uint8Array));
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  static async connect(address: Address, options: WireOptions, scribe: Scribe): Promise<Wire> {
    const socket = connectTcp(address.port, address.host);
    const wire = new Wire(socket, scribe);
    await wire.#handshake(address, options);
    return wire;
  }

  /** True once the server has sent connection.close or the TCP connection has ended. */
  get over(): boolean {
    return this.#inbound.closed || this.#ended;
  }

  // Sending

  /** Sends everything in one write, as a pipelining client does. */
  send(...items: readonly Outgoing[]): void {
    this.#socket.write(Buffer.concat(items.map((item) => this.#encode(item))));
  }

  /** Sends the items octet by octet, each in a write of its own. */
  sendOctetwise(...items: readonly Outgoing[]): void {
    for (const item of items) for (const octet of this.#encode(item)) this.#socket.write(Buffer.from([octet]));
  }

  /** Sends one item after another, each after the answer to the one before; stops when something is closed. */
  async steps(...items: readonly Outgoing[]): Promise<void> {
    for (const item of items) {
      if (item.awaits !== undefined) await this.received(...item.awaits);
      else if (item.repeatUntil === undefined) await this.#step(item);
      else while ((await this.#step(item)) && this.arrivals.at(-1)?.name !== item.repeatUntil);
    }
  }

  /** False when the channel or the connection is closed, so that nothing more can be answered on it. */
  async #step(item: Outgoing): Promise<boolean> {
    const closed = (): boolean => this.over || this.#inbound.channel(item.channel).closedByServer;
    if (closed()) return false;
    const replies = item.method === undefined || item.fields?.['no-wait'] === true ? [] : repliesTo(item.method);
    const from = this.arrivals.length;
    this.send(item);
    if (replies.length === 0) return true;
    const answers = (arrival: Arrival): boolean =>
      arrival.channel === item.channel && replies.includes(arrival.name);
    await this.until(`an answer to ${item.method}`, () => closed() || this.arrivals.slice(from).some(answers));
    return !closed();
  }

  /** Proves that the server has nothing more to say about the channel, and opens the channel again if it was closed. */
  async settle(channel = 1): Promise<void> {
    if (this.over) return;
    if (!this.#inbound.channel(channel).closedByServer) {
      const isBarrier = (arrival: Arrival): boolean =>
        arrival.channel === channel && arrival.fields['consumer-tag'] === barrierTag;
      await this.#hiding(isBarrier, async (passed) => {
        this.send({ channel, method: 'basic.cancel', fields: { 'consumer-tag': barrierTag } });
        await this.until('the barrier', () => passed() || this.over || this.#inbound.channel(channel).closedByServer);
      });
    }
    if (!this.over && this.#inbound.channel(channel).closedByServer) await this.reopen(channel);
  }

  /** Confirms the server's channel.close and opens the channel again, without a line in the transcript. */
  async reopen(channel = 1): Promise<void> {
    await this.#hiding((arrival) => arrival.name === 'channel.open-ok', async (passed) => {
      this.send({ channel, method: 'channel.close-ok' }, { channel, method: 'channel.open' });
      await this.until('channel.open-ok', () => passed() || this.over);
    });
  }

  /** Sends connection.close and waits for the end, without a line in the transcript. */
  async close(): Promise<void> {
    if (!this.over) {
      this.#muted = true;
      this.send({ channel: 0, method: 'connection.close', fields: { 'reply-code': 200 } });
      await this.until('connection.close-ok', () => this.over || this.#count('connection.close-ok') > 0);
    }
    this.abort();
  }

  /** Ends the TCP connection without a word. */
  abort(): void {
    this.#muted = true;
    this.#socket.destroy();
  }

  // Waiting

  async until(what: string, condition: () => boolean): Promise<void> {
    const deadline = Date.now() + patienceMilliseconds;
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`waited in vain for ${what}`));
        const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits until `count` methods of the name have come in all, with their content. */
  async received(name: string, count = 1): Promise<void> {
    await this.until(`${count} ${name}`, () => this.over || this.#count(name) >= count);
  }

  /** Waits until every publish on the channel has been confirmed or refused. */
  async confirmed(channel = 1): Promise<void> {
    const state = this.#inbound.channel(channel);
    await this.until('the confirms', () => this.over || BigInt(state.settled.size) >= state.published);
  }

  /** Publishes `item` as mandatory again and again until it comes back: the queue that it goes to is gone. */
  async publishUntilReturned(item: Outgoing): Promise<void> {
    const deadline = Date.now() + patienceMilliseconds;
    while (!this.over && this.#count('basic.return') === 0) {
      if (Date.now() > deadline) throw new Error('waited in vain for basic.return');
      this.send(item);
      await this.settle();
    }
  }

  /** Waits for one more arrival, or the end of the connection. */
  async outcome(): Promise<void> {
    const from = this.arrivals.length;
    await this.until('any answer', () => this.over || this.arrivals.length > from);
  }

  /** Waits until the server has closed the TCP connection. */
  async ended(): Promise<void> {
    await this.until('the end of the TCP connection', () => this.#ended);
  }

  #count(name: string): number {
    return this.arrivals.filter((arrival) => arrival.name === name).length;
  }

  /** Runs `body` while arrivals that match stay out of the transcript; `passed` tells whether one has come. */
  async #hiding(matches: (arrival: Arrival) => boolean, body: (passed: () => boolean) => Promise<void>): Promise<void> {
    let matched = false;
    this.#hidden = (arrival) => {
      const match = matches(arrival);
      matched ||= match;
      return match;
    };
    await body(() => matched);
    this.#hidden = undefined;
  }

  // The handshake

  async #handshake(address: Address, options: WireOptions): Promise<void> {
    const until = options.until ?? 'ready';
    const begins = (stage: Stage): boolean => {
      if (until === stage) this.#muted = options.muted === true;
      return until === stage;
    };
    const beginsWithHeader = begins('header');
    this.#socket.write(options.header ?? protocolHeader);
    if (beginsWithHeader) return;
    await this.#need('connection.start');
    if (begins('start')) return;
    const beginsWithStartOk = begins('start-ok');
    this.send(this.#startOk(address, options));
    if (beginsWithStartOk) return;
    const { 'channel-max': channelMax = 0, 'frame-max': frameMax = 0 } = (await this.#need('connection.tune')).fields;
    const tuned = { 'channel-max': Number(channelMax), 'frame-max': Number(frameMax), heartbeat: 0, ...options.tune };
    // A server that refuses what was answered still needs the smallest frame there is.
    this.#inbound.frameBytesMax = Math.max(4096, tuned['frame-max'] || Number(frameMax));
    const open = { channel: 0, method: 'connection.open', fields: { 'virtual-host': options.virtualHost ?? '/' } };
    const beginsWithTune = begins('tune');
    this.send({ channel: 0, method: 'connection.tune-ok', fields: tuned }, open);
    if (beginsWithTune) return;
    await this.#need('connection.open-ok');
    this.send({ channel: 1, method: 'channel.open' });
    await this.#need('channel.open-ok');
    begins('ready');
  }

  #startOk(address: Address, options: WireOptions): Outgoing {
    const password = options.password ?? address.password;
    const response = options.response ?? `\0${address.user}\0${password}`;
    const fields = {
      'client-properties': { capabilities: options.capabilities ?? defaultCapabilities },
      mechanism: options.mechanism ?? 'PLAIN',
      response: typeof response === 'string' ? response : encodeTableEntries(response),
      locale: 'en_US',
    };
    return { channel: 0, method: 'connection.start-ok', fields };
  }

  async #need(name: string): Promise<Arrival> {
    await this.received(name);
    const arrival = this.arrivals.find((each) => each.name === name);
    if (arrival === undefined) throw new Error(`the handshake ended before ${name}`);
    return arrival;
  }

  #encode(item: Outgoing): Uint8Array {
    if (item.octets !== undefined) return item.octets;
    const method = item.method as string;
    const fields = this.#scribe.inward(item.fields ?? {});
    this.#note(item.channel, method, fields);
    const frames = [encodeMethod(item.channel, method, fields)];
    if (item.body === undefined) return frames[0] as Uint8Array;
    const body = Buffer.from(item.body);
    frames.push(encodeHeader(item.channel, body.length, this.#scribe.inward(item.properties ?? {})));
    const chunkBytes = this.#inbound.frameBytesMax - 8;
    for (let start = 0; start < body.length; start += chunkBytes) {
      frames.push(encodeFrame(3, item.channel, body.subarray(start, start + chunkBytes)));
    }
    return Buffer.concat(frames);
  }

  /** Keeps what the judge must know of the client's own doings. */
  #note(channel: number, method: string, fields: Fields): void {
    const state = this.#inbound.channel(channel);
    if (method === 'channel.open') this.#inbound.forget(channel);
    if (method === 'channel.close-ok') state.closedByServer = false;
    if (method === 'confirm.select') state.confirming = true;
    if (method === 'basic.publish' && state.confirming) state.published += 1n;
    const tag = fields['consumer-tag'];
    if (method === 'basic.consume' && fields['no-wait'] === true) state.consumerTags.add(String(tag));
  }

  // Receiving

  #receive(bytes: Uint8Array): void {
    try {
      this.#inbound.receive(bytes);
    } catch (error) {
      this.#write(`VIOLATION ${(error as Error).message}`);
      this.abort();
    }
    this.#wake?.();
  }

  #arrived(arrival: Arrival): void {
    this.arrivals.push(arrival);
    const { name, fields, properties, body } = arrival;
    if (this.#hidden?.(arrival) === true || name === 'basic.ack' || name === 'basic.nack') return;
    this.#write(formatMethod(name, fields));
    if (properties !== undefined) this.#write(formatHeader(properties));
    if (body !== undefined && body.length > 0) this.#write(formatBody(body));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#inbound.closed) this.#write('<TCP closed>');
    this.#wake?.();
  }

  #write(text: string): void {
    if (!this.#muted) this.#scribe.write(normalise(this.#scribe.outward(text)));
  }
}

// Octets that no client should send

export const rawFrame = (type: number, channel: number, payload: Uint8Array, end?: number): Outgoing => ({
  channel, octets: encodeFrame(type, channel, payload, end),
});

export const rawMethod = (
  channel: number, classId: number, methodId: number, rest: Uint8Array = new Uint8Array(0),
): Outgoing => rawFrame(1, channel, Buffer.concat([integer(2, classId), integer(2, methodId), rest]));

export const rawHeader = (bodySize: number, classId = 60): Outgoing => ({
  channel: 1, octets: encodeHeader(1, bodySize, {}, classId),
});
