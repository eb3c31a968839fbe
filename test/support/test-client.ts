/**
 * A client for tests: the session in its client role, joined to a broker in memory. It waits for nothing: each
 * call runs the virtual clock until everything that was set off has happened.
 */
import type { Subscription } from 'rxjs';
import type { Broker } from '../../core/broker/broker.ts';
import type { VirtualClock } from '../../core/clock/virtual-clock.ts';
import type { AmqpError } from '../../core/errors.ts';
import type { Sink } from '../../core/ports.ts';
import { BufferPool } from '../../core/protocol/buffer-pool.ts';
import { methodById } from '../../core/protocol/codec.ts';
import { CONTENT_HEADER_BYTES, type Content } from '../../core/protocol/content.ts';
import { readProperties, writeBody, writeContentHeader } from '../../core/protocol/properties.ts';
import { Reader } from '../../core/protocol/reader.ts';
import {
  FRAME_HEADER_BYTES, FRAME_OVERHEAD_BYTES, methods, type Domain, type MethodSpec,
} from '../../core/protocol/spec.ts';
import type {
  FieldTable, From, MethodArgs, MethodName, Properties, ReplyTo,
} from '../../core/protocol/types.ts';
import { edge } from '../../core/session/edge.ts';
import { pair } from '../../core/session/pair.ts';
import { plainResponse } from '../../core/session/sasl.ts';
import { Session, type Method, type SessionEnd, type SessionHooks } from '../../core/session/session.ts';
import { negotiate } from '../../core/session/tune.ts';
import { concat } from './bytes.ts';

/** A method of the broker, with the message that it carries if it carries one. */
export type Received<N extends From<'server'> = From<'server'>> = {
  [K in N]: {
    readonly name: K;
    readonly args: MethodArgs<K>;
    readonly properties?: Properties;
    readonly body?: Uint8Array;
    /** The body as UTF-8. */
    readonly text?: string;
  };
}[N];

export interface TestClientOptions {
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly channelMax?: number;
  readonly frameMax?: number;
  /** Seconds; by default none are sent, so that the clock has nothing to do. */
  readonly heartbeat?: number;
  readonly capabilities?: FieldTable;
}

const defaults = {
  user: 'guest', password: 'guest', vhost: '/', channelMax: 0, frameMax: 0, heartbeat: 0,
  capabilities: {
    consumer_cancel_notify: true, authentication_failure_close: true, 'connection.blocked': true,
    'basic.nack': true, publisher_confirms: true,
  },
} satisfies Required<TestClientOptions>;

const nothing: Record<Domain, unknown> = {
  bit: false, octet: 0, short: 0, long: 0, longlong: 0, timestamp: 0, shortstr: '', longstr: '',
  bytes: new Uint8Array(0), table: {},
};

/** All arguments of a method: those that were not given are zero, empty or false. */
export function argumentsOf<N extends MethodName>(name: N, given: Partial<MethodArgs<N>>): MethodArgs<N> {
  const empty = methods[name].args.map(([arg, domain]) => [arg, nothing[domain]]);
  return { ...Object.fromEntries(empty), ...given };
}

/** Connects, logs in and opens the virtual host; `closed` tells why it could not. */
export function connect(broker: Broker, clock: VirtualClock, options: TestClientOptions = {}): TestClient {
  return new TestClient(broker, clock, options);
}

export class TestClient implements SessionHooks {
  readonly session: Session<'client'>;
  readonly clock: VirtualClock;
  /** What came on channel 0, but for the handshakes. */
  readonly received: Received[] = [];
  /** How the connection ended; undefined while it has not. */
  end: SessionEnd | undefined;
  readonly #options: Required<TestClientOptions>;
  readonly #channels: TestChannel[] = [];
  readonly #wire: Subscription;
  #sink!: Sink;

  constructor(broker: Broker, clock: VirtualClock, options: TestClientOptions) {
    this.clock = clock;
    this.#options = { ...defaults, ...options };
    let session!: Session<'client'>;
    this.#wire = pair(clock, edge((sink) => {
      this.#sink = sink;
      session = new Session('client', this, sink, { clock, pool: new BufferPool() });
      session.start();
      return session;
    }), broker.serve);
    this.session = session;
    clock.runUntilIdle();
  }

  /** The violation with which the broker ended the connection. */
  get closed(): AmqpError | undefined {
    return this.end?.error;
  }

  /** Opens a channel. */
  channel(): TestChannel {
    const channel = new TestChannel(this, this.#channels.length + 1);
    this.#channels.push(channel);
    channel.call('channel.open');
    return channel;
  }

  /** Sends on channel 0. */
  send<N extends From<'client'>>(name: N, args: Partial<MethodArgs<N>> = {}): void {
    this.session.send(0, name, argumentsOf(name, args));
    this.run();
  }

  /** Sends what was written, and runs what follows from it. */
  run(): void {
    this.session.flush();
    this.clock.runUntilIdle();
  }

  /** Stops reading, or goes on: what the broker sends meanwhile waits on the link. */
  setReading(on: boolean): void {
    this.#sink.setReading(on);
    this.clock.runUntilIdle();
  }

  /** Closes in order. */
  close(): void {
    this.session.close();
    this.run();
  }

  /** Loses the transport. */
  drop(): void {
    this.#wire.unsubscribe();
    this.clock.runUntilIdle();
  }

  // SessionHooks

  onHeader(): void {}

  onMethod(channel: number, { name, args }: Method): void {
    const { user, password, vhost, channelMax, frameMax, heartbeat, capabilities } = this.#options;
    const { session } = this;
    switch (name) {
      case 'connection.start':
        session.send(0, 'connection.start-ok', {
          clientProperties: { capabilities }, mechanism: 'PLAIN', locale: 'en_US',
          response: plainResponse(user, password),
        });
        return;
      case 'connection.tune': {
        const tuning = { ...negotiate(args, { channelMax, frameMax, heartbeat }), heartbeat };
        session.send(0, 'connection.tune-ok', tuning);
        session.tune(tuning.channelMax, tuning.frameMax, heartbeat);
        session.send(0, 'connection.open', argumentsOf('connection.open', { virtualHost: vhost }));
        return;
      }
      case 'connection.open-ok':
        return;
      default:
        (this.#channels[channel - 1] ?? this).received.push({ name, args } as Received);
    }
  }

  onContent(channel: number, content: Content): void {
    this.#channels[channel - 1]!.received.push(readMessage(content));
  }

  onChannelEnd(channel: number, error: AmqpError | undefined): void {
    this.#channels[channel - 1]!.ended(error);
  }

  onEnd(end: SessionEnd): void {
    this.end = end;
  }

  onChunkEnd(): void {}

  onWritable(): void {}

  onFault(fault: unknown): void {
    throw fault;
  }
}

export class TestChannel {
  readonly number: number;
  readonly client: TestClient;
  /** Methods and messages of the broker in order, replies included. */
  readonly received: Received[] = [];
  /** The violation with which the broker closed the channel. */
  closed: AmqpError | undefined;

  constructor(client: TestClient, number: number) {
    this.client = client;
    this.number = number;
  }

  /** Sends a method and returns the arguments of its reply; throws what ended the channel instead. */
  call<N extends From<'client'>>(name: N, args: Partial<MethodArgs<N>> = {}): MethodArgs<ReplyTo<N>> {
    const from = this.received.length;
    this.send(name, args);
    const { sync = [] }: MethodSpec = methods[name as MethodName];
    const reply = this.received.slice(from).find((each) => sync.includes(each.name));
    if (reply !== undefined) return reply.args as MethodArgs<ReplyTo<N>>;
    throw this.closed ?? this.client.closed ?? new Error(`no reply to ${name}`);
  }

  /** Sends a method and runs what follows from it. */
  send<N extends From<'client'>>(name: N, args: Partial<MethodArgs<N>> = {}): void {
    this.client.session.send(this.number, name, argumentsOf(name, args));
    this.client.run();
  }

  publish(
    exchange: string, routingKey: string, body: string | Uint8Array = '', properties: Properties = {},
    flags: { readonly mandatory?: boolean; readonly immediate?: boolean } = {},
  ): void {
    const { session } = this.client;
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const args = argumentsOf('basic.publish', { exchange, routingKey, ...flags });
    session.send(this.number, 'basic.publish', args);
    writeContentHeader(session.writer, this.number, bytes.length, properties);
    writeBody(session.writer, this.number, bytes, session.frameBytesMax);
    this.client.run();
  }

  /** Closes in order. */
  close(): void {
    this.client.session.closeChannel(this.number);
    this.client.run();
  }

  /** What came since the last time, which is then forgotten. */
  take(): Received[] {
    return this.received.splice(0);
  }

  /** Called by the client. */
  ended(error: AmqpError | undefined): void {
    this.closed = error;
  }
}

function readMessage(content: Content): Received {
  const { block, methodStart, methodEnd, contentStart, contentEnd } = content;
  const codec = methodById(...content.method)!;
  const args = codec.decode(new Reader(new Uint8Array(0)).reset(block, methodStart + 4, methodEnd));
  const headerEnd = frameEnd(block.view, contentStart);
  const properties = readProperties(new Reader(
    block.bytes.subarray(contentStart + FRAME_HEADER_BYTES + CONTENT_HEADER_BYTES, headerEnd - 1),
  ));
  const pieces: Uint8Array[] = [];
  for (let at = headerEnd; at < contentEnd; at = frameEnd(block.view, at)) {
    pieces.push(block.bytes.subarray(at + FRAME_HEADER_BYTES, frameEnd(block.view, at) - 1));
  }
  const body = concat(pieces);
  const text = new TextDecoder().decode(body);
  return { name: codec.name, args, properties, body, text } as Received;
}

function frameEnd(view: DataView, at: number): number {
  return at + view.getUint32(at + 3) + FRAME_OVERHEAD_BYTES;
}
