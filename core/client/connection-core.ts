import { BehaviorSubject } from 'rxjs';
import type { AmqpError } from '../errors.ts';
import type { Clock, Machine, Random, Serve, Sink } from '../ports.ts';
import { BufferPool } from '../protocol/buffer-pool.ts';
import type { Content } from '../protocol/content.ts';
import { InternTable } from '../protocol/intern.ts';
import type { FieldTable, From, MethodArgs } from '../protocol/types.ts';
import { edge } from '../session/edge.ts';
import { Session, type Method, type SessionEnd, type SessionHooks } from '../session/session.ts';
import { negotiate, type Tuning } from '../session/tune.ts';
import { completeArguments } from './arguments.ts';
import { ChannelCore, type ChannelObserver } from './channel-core.ts';
import { ContentCopies } from './content-copies.ts';
import { ClientError, closedError, LostError, messageOf, ReplyError } from './errors.ts';
import { Greeting } from './greeting.ts';
import { startOk } from './login.ts';
import type { Settings } from './options.ts';
import { Replies, type ReplyObserver } from './replies.ts';

/** What the client asks of the world it runs in. */
export interface ClientEnv {
  readonly clock: Clock;
  readonly random: Random;
  /** Buffers that the transport gives back once they are sent. */
  readonly pool?: BufferPool;
}

/** Hears what becomes of a connection: `opened` at most once, `ended` once. */
export interface ConnectionObserver {
  opened(): void;
  /** The error is absent, where we closed in order. */
  ended(error: ClientError | undefined): void;
}

/** What is known of a broker once it is reached. */
export interface BrokerInfo {
  readonly serverProperties: FieldTable;
  readonly tuning: Tuning;
}

/** The client's side of one connection: what the client role adds to the session. */
export class ConnectionCore implements Machine, SessionHooks {
  readonly settings: Settings;
  readonly env: ClientEnv;
  readonly serve: Serve;
  readonly names = new InternTable();
  readonly copies = new ContentCopies();
  readonly replies = new Replies();
  /** The broker takes no messages at present; why. CON-33. */
  readonly blocked$ = new BehaviorSubject<string | undefined>(undefined);
  /** Whether the transport takes more bytes at present. */
  readonly writable$ = new BehaviorSubject(true);
  info: BrokerInfo = {
    serverProperties: {}, tuning: { channelMax: 0, frameMax: 0, heartbeat: 0 },
  };
  readonly #observer: ConnectionObserver;
  readonly #channels = new Map<number, ChannelCore>();
  readonly #unflushed: ChannelCore[] = [];
  readonly #greeting = new Greeting();
  #session: Session<'client'> | undefined;
  #sink: Sink | undefined;
  #greeted = false;
  #opened = false;
  #ended = false;
  #receiving = false;
  #flushing = false;
  /** Why the link is about to be dropped. */
  #cause: ClientError | undefined;
  /** Who waits for the transport to be gone; undefined, once it is. */
  #waiting: (() => void)[] | undefined = [];

  constructor(settings: Settings, env: ClientEnv, observer: ConnectionObserver) {
    this.settings = settings;
    this.env = env;
    this.#observer = observer;
    this.serve = edge((sink) => this.#start(sink));
  }

  get session(): Session<'client'> {
    return this.#session!;
  }

  /** Whether there was ever a transport. */
  get linked(): boolean {
    return this.#session !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Opens a channel with the lowest free number; throws, where there is none. */
  openChannel(observer: ChannelObserver): ChannelCore {
    if (this.#ended) throw closedError();
    const max = this.info.tuning.channelMax || 0xffff;
    let number = 1;
    while (number <= max && !this.#isFree(number)) number++;
    if (number > max) {
      throw new ClientError('channel', `all ${max} channels of the connection are open`);
    }
    const channel = new ChannelCore(this, number, observer);
    this.#channels.set(number, channel);
    this.session.send(number, 'channel.open', {});
    this.flushLater();
    return channel;
  }

  /** Sends a synchronous method on the connection itself. */
  request<N extends From<'client'>>(name: N, args: MethodArgs<N>, observer: ReplyObserver): void {
    if (this.#ended) {
      observer.error(closedError());
      return;
    }
    let whole: MethodArgs<N>;
    try {
      whole = completeArguments(name, args, this.session.frameBytesMax);
    } catch (error) {
      observer.error(error);
      return;
    }
    this.replies.expect(name, whole, observer);
    this.session.send(0, name, whole);
    this.flushLater();
  }

  /** Hands over what was written, once for all that is written in this turn. */
  flushLater(): void {
    if (this.#receiving || this.#flushing) return;
    this.#flushing = true;
    this.env.clock.defer(this.#flush);
  }

  /** The channel has acknowledgements that are to be written before the flush. */
  flushChannel(channel: ChannelCore): void {
    this.#unflushed.push(channel);
    this.flushLater();
  }

  /** Closes in order; where the broker is not yet there, at once. */
  close(): void {
    if (this.#ended) return;
    this.#settleChannels();
    this.#end(undefined);
    this.#session?.close();
  }

  /** Runs once the transport is gone, after what was said last was sent. */
  whenGone(run: () => void): void {
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  }

  /** The transport is gone. */
  gone(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const run of waiting) run();
  }

  /** Drops the link for a reason of our own. */
  drop(cause: ClientError): void {
    if (this.#ended) return;
    this.#cause = cause;
    this.#session?.abort();
    this.#sink?.end();
    this.#end(cause);
  }

  // Machine

  receive(chunk: Uint8Array): void {
    this.#receiving = true;
    try {
      if (this.#greeted || this.#greet(chunk)) this.session.receive(chunk);
    } finally {
      this.#receiving = false;
    }
  }

  receiveEnd(error?: unknown): void {
    this.#cause ??= this.#lost(error);
    this.session.receiveEnd();
  }

  setWritable(on: boolean): void {
    this.session.setWritable(on);
  }

  abort(): void {
    this.session.abort();
  }

  // SessionHooks

  onHeader(): void {}

  onMethod(number: number, method: Method): void {
    if (number !== 0) this.#channels.get(number)?.onMethod(method);
    else this.#onConnectionMethod(method);
  }

  onContent(number: number, content: Content): void {
    this.#channels.get(number)?.onContent(content);
  }

  onChannelEnd(number: number, error: AmqpError | undefined): void {
    const channel = this.#channels.get(number);
    this.#channels.delete(number);
    // What we close is open until that is written.
    const by = this.session.isOpen(number) ? 'client' : 'broker';
    channel?.end(channel.closing ? undefined : new ReplyError('channel', by, error));
  }

  onEnd({ by, error, why }: SessionEnd): void {
    if (why !== undefined) this.#end(new LostError(why));
    else if (by === 'transport') this.#end(this.#cause ?? this.#lost(undefined));
    else if (by === 'peer') this.#end(new ReplyError('connection', 'broker', error));
    else if (error !== undefined) this.#end(new ReplyError('connection', 'client', error));
  }

  onChunkEnd(): void {
    this.#settleChannels();
  }

  onWritable(on: boolean): void {
    if (on !== this.writable$.value) this.writable$.next(on);
  }

  onFault(fault: unknown): void {
    this.#cause ??= fault instanceof ClientError
      ? fault
      : new LostError(messageOf(fault), { cause: fault });
  }

  #start(sink: Sink): Machine {
    this.#sink = sink;
    const { clock, pool = new BufferPool() } = this.env;
    const { endpoint, messageBytesMax } = this.settings;
    this.#session = new Session('client', this, sink, {
      clock, pool, messageBytesMax, handshakeMs: endpoint.connectTimeoutMs,
    });
    this.#session.start();
    return this;
  }

  /** Whether the peer is known to speak AMQP; else the link is dropped, once that is known. */
  #greet(chunk: Uint8Array): boolean {
    try {
      this.#greeted = this.#greeting.accept(chunk);
    } catch (error) {
      this.drop(error as LostError);
    }
    return this.#greeted;
  }

  #onConnectionMethod({ name, args }: Method): void {
    switch (name) {
      case 'connection.start':
        this.#orDrop(() => this.#login(args));
        return;
      case 'connection.secure':
        this.drop(new LostError('the broker asks for more than the login mechanism holds'));
        return;
      case 'connection.tune':
        this.#tune(args);
        return;
      case 'connection.open-ok':
        this.#opened = true;
        this.#observer.opened();
        return;
      case 'connection.blocked':
        this.blocked$.next(args.reason);
        return;
      case 'connection.unblocked':
        this.blocked$.next(undefined);
        return;
      default:
        this.replies.settle(name, args);
    }
  }

  #login(args: MethodArgs<'connection.start'>): void {
    this.info = { ...this.info, serverProperties: args.serverProperties };
    this.session.send(0, 'connection.start-ok', startOk(args, this.settings));
  }

  #tune(offered: Tuning): void {
    const tuning = negotiate(offered, this.settings);
    this.info = { ...this.info, tuning };
    this.session.send(0, 'connection.tune-ok', tuning);
    this.session.tune(tuning.channelMax, tuning.frameMax, tuning.heartbeat);
    this.session.send(0, 'connection.open', { virtualHost: this.settings.vhost });
  }

  #orDrop(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.drop(error as LostError);
    }
  }

  #isFree(number: number): boolean {
    return !this.#channels.has(number) && this.session.isFree(number);
  }

  #settleChannels(): void {
    for (const channel of this.#unflushed) channel.acks.write();
    this.#unflushed.length = 0;
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#ended) return;
    this.#settleChannels();
    this.session.flush();
  };

  /** What it means that the transport is gone, at this point of the conversation. */
  #lost(error: unknown): LostError {
    if (this.#greeting.begun && !this.#greeted) return this.#greeting.stranger();
    const why = error === undefined ? 'the peer closed the connection' : messageOf(error);
    const options = error === undefined ? {} : { cause: error };
    if (this.#opened) return new LostError(`connection lost: ${why}`, options);
    const hint = HINTS[this.#session?.state ?? 'starting'] ?? HINTS.starting!;
    return new LostError(`${this.settings.name}: ${why} ${hint}`, options);
  }

  #end(error: ClientError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    this.replies.fail(error ?? new ClientError('connection', 'the connection is closed'));
    for (const channel of channels) channel.end(error);
    this.blocked$.complete();
    this.writable$.complete();
    this.#observer.ended(error);
  }
}

/** What a peer was doing when it left before the connection was open. */
const HINTS: Partial<Record<Session<'client'>['state'], string>> = {
  starting: 'before it said a word of AMQP',
  securing: 'during login: it probably refuses the user or the password',
  opening: 'as the virtual host was to be opened: it probably refuses the virtual host',
};
