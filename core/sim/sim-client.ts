import type { Clock, Serve, Sink } from '../ports.ts';
import { BufferPool } from '../protocol/buffer-pool.ts';
import { methodById, writeMethod } from '../protocol/codec.ts';
import type { Content } from '../protocol/content.ts';
import { writeBody, writeContentHeader } from '../protocol/properties.ts';
import { Reader } from '../protocol/reader.ts';
import { methods, type Domain } from '../protocol/spec.ts';
import type { From, MethodArgs, MethodName, Properties } from '../protocol/types.ts';
import { edge } from '../session/edge.ts';
import { plainResponse } from '../session/sasl.ts';
import { Session, type Method, type SessionHooks } from '../session/session.ts';
import { negotiate } from '../session/tune.ts';
import { STREAM } from './model-stream.ts';

/** What a client knows of a channel of its own. */
export interface ClientChannel {
  readonly number: number;
  mode: 'plain' | 'confirm' | 'transaction';
  /** Tags of deliveries that it has not settled, oldest first. */
  readonly unsettled: number[];
  /** Tags that it settled in the transaction at hand. */
  readonly settling: number[];
  /**
   * Tags of consumers that may be cancelled. They begin with `free` where nothing need be
   * acknowledged, and with `log` where that is done at once.
   */
  readonly consumers: Set<string>;
  /** Its basic.get is not answered yet. */
  getting: boolean;
}

/** A message to be published. */
export interface SimMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly properties: Properties;
  readonly body: Uint8Array;
}

const nothing: Record<Domain, unknown> = {
  bit: false, octet: 0, short: 0, long: 0, longlong: 0, timestamp: 0, shortstr: '', longstr: '',
  bytes: new Uint8Array(0), table: {},
};

/** All arguments of a method: those that were not given are zero, empty or false. */
export function argumentsOf<N extends MethodName>(
  name: N, given: Partial<MethodArgs<N>>,
): MethodArgs<N> {
  const empty = methods[name].args.map(([arg, domain]) => [arg, nothing[domain]]);
  return { ...Object.fromEntries(empty), ...given };
}

/**
 * A client on the production session that does what it is told, waits for nothing that it need
 * not, and can also do what no client may.
 */
export class SimClient implements SessionHooks {
  readonly serve: Serve;
  /** The connection is gone, or is about to go. */
  ended = false;
  /** Something was asked about a queue, and is not answered. */
  asking = false;
  /** It never logs in. */
  silent = false;
  /** Called with each delivery, in its order. */
  onDelivery: (channel: ClientChannel, deliveryTag: number) => void = (channel, deliveryTag) => {
    channel.unsettled.push(deliveryTag);
  };
  readonly #frameMax: number;
  readonly #channels = new Map<number, ClientChannel>();
  /** What waits for a channel to be open. */
  #waiting: { readonly number: number; readonly run: (channel: ClientChannel) => void }[] = [];
  #session!: Session<'client'>;
  #sink!: Sink;

  constructor(clock: Clock, frameMax: number) {
    this.#frameMax = frameMax;
    this.serve = edge((sink) => {
      this.#sink = sink;
      this.#session = new Session('client', this, sink, { clock, pool: new BufferPool() });
      this.#session.start();
      return this.#session;
    });
  }

  /** Does something on a channel as soon as that is open; it is opened where it is not. */
  use(number: number, run: (channel: ClientChannel) => void): void {
    this.#waiting.push({ number, run });
    this.#useOpen();
  }

  send<N extends From<'client'>>(
    channel: number, name: N, args: Partial<MethodArgs<N>> = {},
  ): void {
    this.#session.send(channel, name, argumentsOf(name, args));
    this.#session.flush();
  }

  /** Sends a method whether it is legal or not. */
  sendAnyway<N extends MethodName>(
    channel: number, name: N, args: Partial<MethodArgs<N>> = {},
  ): void {
    writeMethod(this.#session.writer, channel, name, argumentsOf(name, args));
    this.#session.flush();
  }

  sendBytes(bytes: Uint8Array): void {
    this.#sink.send(bytes);
  }

  publish(channel: number, messages: readonly SimMessage[]): void {
    const session = this.#session;
    for (const { properties, body, ...names } of messages) {
      session.send(channel, 'basic.publish', argumentsOf('basic.publish', names));
      writeContentHeader(session.writer, channel, body.length, properties);
      writeBody(session.writer, channel, body, session.frameBytesMax);
    }
    session.flush();
  }

  /** Reads the stream from there on. */
  readStream(channel: number, consumerTag: string, offset: string | number): void {
    this.send(channel, 'basic.consume', {
      queue: STREAM, consumerTag, arguments: { 'x-stream-offset': offset },
    });
  }

  closeChannel(number: number): void {
    this.#session.closeChannel(number);
    this.#session.flush();
  }

  close(): void {
    this.#session.close();
  }

  // SessionHooks

  onHeader(): void {}

  onMethod(number: number, { name, args }: Method): void {
    const session = this.#session;
    const channel = this.#channels.get(number);
    switch (name) {
      case 'connection.start':
        if (this.silent) return;
        session.send(0, 'connection.start-ok', {
          clientProperties: { capabilities: CAPABILITIES },
          mechanism: 'PLAIN', locale: 'en_US', response: plainResponse('guest', 'guest'),
        });
        return;
      case 'connection.tune': {
        const wanted = { channelMax: 0, frameMax: this.#frameMax, heartbeat: 0 };
        const tuning = { ...negotiate(args, wanted), heartbeat: 0 };
        session.send(0, 'connection.tune-ok', tuning);
        session.tune(tuning.channelMax, tuning.frameMax, 0);
        session.send(0, 'connection.open', argumentsOf('connection.open', { virtualHost: '/' }));
        return;
      }
      case 'connection.open-ok':
      case 'channel.open-ok':
        this.#useOpen();
        return;
      case 'queue.declare-ok':
      case 'queue.purge-ok':
      case 'queue.unbind-ok':
      case 'queue.delete-ok':
        this.asking = false;
        return;
      case 'basic.get-empty':
        if (channel !== undefined) channel.getting = false;
        return;
      case 'basic.cancel':
        channel?.consumers.delete(args.consumerTag);
    }
  }

  onContent(number: number, content: Content): void {
    const channel = this.#channels.get(number);
    const codec = methodById(...content.method)!;
    if (channel === undefined || codec.name === 'basic.return') return;
    const { block, methodStart, methodEnd } = content;
    const reader = new Reader(new Uint8Array(0)).reset(block, methodStart + 4, methodEnd);
    const args = codec.decode(reader) as MethodArgs<'basic.deliver' | 'basic.get-ok'>;
    if (codec.name === 'basic.get-ok') channel.getting = false;
    const consumerTag = 'consumerTag' in args ? args.consumerTag : '';
    const { deliveryTag } = args;
    if (consumerTag.startsWith('log')) this.send(number, 'basic.ack', { deliveryTag });
    else if (!consumerTag.startsWith('free')) this.onDelivery(channel, deliveryTag);
  }

  onChannelEnd(number: number): void {
    this.#channels.delete(number);
    this.asking = false;
  }

  onEnd(): void {
    this.ended = true;
    this.#channels.clear();
  }

  onChunkEnd(): void {}

  onWritable(): void {}

  onFault(fault: unknown): void {
    throw fault;
  }

  #useOpen(): void {
    const session = this.#session;
    if (session.state !== 'running') return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { number, run } of waiting) {
      // What was done before may have closed the connection.
      if (session.state !== 'running') return;
      const channel = session.isOpen(number) ? this.#channels.get(number) : undefined;
      if (channel !== undefined) {
        run(channel);
        continue;
      }
      if (session.isFree(number)) this.#open(number);
      this.#waiting.push({ number, run });
    }
    session.flush();
  }

  #open(number: number): void {
    this.#channels.set(number, {
      number, mode: 'plain', unsettled: [], settling: [], consumers: new Set(), getting: false,
    });
    this.#session.send(number, 'channel.open', {});
  }
}

const CAPABILITIES = {
  consumer_cancel_notify: true, authentication_failure_close: true, 'connection.blocked': true,
  'basic.nack': true, publisher_confirms: true,
};
