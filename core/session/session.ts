import { assert } from '../assert.ts';
import { AmqpError } from '../errors.ts';
import { wireLimits } from '../protocol/limits.ts';
import type { Cancel, Clock, Machine, Sink } from '../ports.ts';
import type { Block } from '../protocol/bytes.ts';
import { writeMethod, type MethodCodec } from '../protocol/codec.ts';
import { missingContent, unexpectedFrame, type Content } from '../protocol/content.ts';
import { FrameReader, methodAt, strayFrame, unknownFrame } from '../protocol/frame-reader.ts';
import { Reader } from '../protocol/reader.ts';
import { FRAME_HEADER_BYTES, frameTypes, methods, PROTOCOL_HEADER } from '../protocol/spec.ts';
import type { From, MethodArgs, MethodName, Role } from '../protocol/types.ts';
import { Writer } from '../protocol/writer.ts';
import { Channel } from './channel.ts';
import { ContentBounds } from './content-bounds.ts';
import { closeArguments, closeError } from './close.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { FrameTap, Method, SessionEnd, SessionEnv, SessionHooks } from './hooks.ts';
import { Input } from './input.ts';
import { ProtocolHeader } from './protocol-header.ts';
import {
  channelTransitions, connectionTransitions, illegalMethod, isCloseHandshake, leavesOpen, maySend,
  peerOf, type ChannelState, type ConnectionState,
} from './states.ts';

export type { FrameTap, Method, SessionEnd, SessionEnv, SessionHooks } from './hooks.ts';

/**
 * The AMQP 0-9-1 automaton of one connection: framing, content, states of the connection and its
 * channels, heartbeats, the two close handshakes. It serves both roles; what differs is in the
 * hooks. It knows no I/O: bytes come in by `receive` and leave through the sink.
 */
export class Session<R extends Role> implements Machine {
  readonly role: R;
  readonly writer: Writer;
  state: ConnectionState;
  /** Channels that may be open at once; 0 means no limit. Set when tuned. */
  channelMax: number = wireLimits.channelsMax;
  frameBytesMax: number = wireLimits.frameBytesMax;
  tap: FrameTap | undefined;
  /** Chunks received, which the heartbeat looks at as well, and their bytes; batches sent. */
  received = 0;
  receivedBytes = 0;
  sent = 0;
  readonly #hooks: SessionHooks;
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly contentBounds: ContentBounds;
  readonly #frames: FrameReader;
  /** What came and was not read yet. */
  readonly input: Input;
  readonly #arguments = new Reader(new Uint8Array(0));
  readonly #channels: (Channel | undefined)[] = [];
  readonly #header = new ProtocolHeader();
  #channelCount = 0;
  /** Content that is not whole and may still point into the present chunk. */
  #borrowing: Content | undefined;
  /** Channel and method of the frame at hand, to blame errors on. */
  #channel = 0;
  #method: readonly [number, number] | undefined;
  #ended = false;
  /** The link is gone, or given up. */
  #isLost = false;
  #stopHeartbeat: Cancel = () => {};
  #stopDeadline: Cancel = () => {};

  constructor(role: R, hooks: SessionHooks, sink: Sink, env: SessionEnv) {
    this.role = role;
    this.#hooks = hooks;
    this.#sink = sink;
    this.#clock = env.clock;
    this.contentBounds = new ContentBounds(env.messageBytesMax);
    this.writer = new Writer(env.pool, (batch) => this.#send(batch));
    // Before it is tuned, a stranger's frame need not be larger than any server must take. TOP-3.
    const untunedMax = role === 'server'
      ? env.untunedFrameBytesMax ?? wireLimits.frameBytesMin
      : wireLimits.frameBytesMax;
    this.#frames = new FrameReader(untunedMax, this.#onFrame.bind(this), role === 'client');
    this.input = new Input(this.#frames, sink);
    this.state = role === 'server' ? 'header' : 'starting';
    this.#endWithin(env.handshakeMs ?? wireLimits.handshakeMs, 'handshake');
  }

  /** Client role: speaks first. */
  start(): void {
    this.#send(PROTOCOL_HEADER.slice());
    this.#hooks.onHeader();
  }

  /**
   * Sends a method, and takes the state transition that it stands for. The close handshakes are
   * the session's own: see `close` and `closeChannel`.
   */
  send<N extends From<R>>(channel: number, name: N, args: MethodArgs<N>): void {
    const own = maySend(this.role, methods[name]) && !isCloseHandshake(name);
    assert(own && this.#transit(channel, name), 'a method is sent only where it is legal');
    writeMethod(this.writer, channel, name, args);
  }

  /** Hands over what was written; called at the end of each turn. */
  flush(): void {
    this.writer.flush();
  }

  /** Agrees on limits before connection.open is answered: frames may be larger only then. */
  tune(channelMax: number, frameBytesMax: number, heartbeatSeconds: number): void {
    this.channelMax = channelMax;
    this.frameBytesMax = frameBytesMax;
    if (heartbeatSeconds === 0) return;
    this.#stopHeartbeat = startHeartbeat(this.#clock, heartbeatSeconds, this);
  }

  /** Whether the channel is open, so that methods and messages may be sent on it. */
  isOpen(channel: number): boolean {
    return this.state === 'running' && this.#channels[channel]?.state === 'open';
  }

  /** Whether the channel's number is free: it was never open, or close-ok has come. */
  isFree(channel: number): boolean {
    return this.#channels[channel] === undefined;
  }

  /** Takes a chunk, which may wait here: it is the session's from now on. */
  receive(chunk: Uint8Array): void {
    if (this.#frames.broken || this.state === 'closed') return;
    this.received++;
    this.receivedBytes += chunk.length;
    if (!this.input.holds && this.#hooks.mayRead?.() !== false) return this.#read(chunk);
    this.input.push(chunk);
    if (this.input.canGoOn) this.#hooks.onInputHeld?.();
  }

  /** Reads on in what waits, up to the end of a chunk; whether there is more. */
  goOn(): boolean {
    if (!this.input.canGoOn) return false;
    const chunk = this.input.next();
    if (chunk === undefined) this.#readOn();
    else this.#read(chunk);
    return this.input.canGoOn;
  }

  #read(chunk: Uint8Array): void {
    const frames = this.state === 'header' ? this.#readHeader(chunk) : chunk;
    if (frames.length > 0) this.#frames.feed(frames);
    this.#readOn();
  }

  #readOn(): void {
    this.#readFrames();
    try {
      this.#hooks.onChunkEnd();
    } catch (fault) {
      // Nobody else's connection may end for it, as all would if it reached the transport.
      this.#method = undefined;
      this.#recover(fault);
    }
    this.flush();
    this.input.update();
    if (this.input.canGoOn) this.#hooks.onInputHeld?.();
    else if (this.input.ends && !this.input.holds) this.receiveEnd();
  }

  /** The peer's stream ended: at once where it failed, else behind what waits to be read. */
  receiveEnd(error?: unknown): void {
    if (error === undefined && this.input.holds) {
      this.input.ends = true;
      return;
    }
    this.abort();
    this.#sink.end();
  }

  /** Stops reading from the peer, or goes on. */
  setReading(on: boolean): void {
    this.input.setWanted(on);
    if (this.input.canGoOn) this.#hooks.onInputHeld?.();
  }

  setWritable(on: boolean): void {
    this.#hooks.onWritable(on);
  }

  abort(why?: string): void {
    this.state = 'closed';
    this.#isLost = true;
    this.input.drop();
    this.#end({ by: 'transport', why });
    this.#stopDeadline();
  }

  /**
   * Closes in order, for a violation or for none: close is sent, and the link ends after close-ok
   * or a deadline.
   */
  close(error?: AmqpError): void {
    if (this.#ended) return;
    if (this.state === 'header' || this.state === 'starting') {
      this.abort();
      this.#sink.end();
      return;
    }
    this.#fail(error);
    this.flush();
  }

  /** Hears nothing more and says nothing more; after so many milliseconds the link ends. */
  endSilently(ms: number): void {
    this.#end({ by: 'us', error: undefined });
    this.state = 'closed';
    this.#endWithin(ms, 'silence');
  }

  /** Heartbeat: the peer is gone though the link seems to live. */
  onSilence(): void {
    this.#giveUp('missed heartbeats from the peer');
  }

  sendHeartbeat(): void {
    this.writer.endFrame(this.writer.beginFrame(frameTypes.heartbeat, 0));
    this.flush();
  }

  #send(batch: Uint8Array): void {
    // What waits is no sign of life.
    if (this.#sink.holds !== true) this.sent++;
    if (this.tap !== undefined) this.tap('out', batch);
    this.#sink.send(batch);
  }

  /** The peer took too long to open or to close: the link is dropped. */
  #giveUp(why?: string): void {
    this.abort(why);
    this.#sink.end();
  }

  /** Compares the first 8 octets; answers with ours when they differ. CON-01. */
  #readHeader(chunk: Uint8Array): Uint8Array {
    const rest = this.#header.take(chunk);
    if (!this.#header.isPossible) {
      this.#send(PROTOCOL_HEADER.slice());
      this.#giveUp();
      return rest.subarray(rest.length);
    }
    if (this.#header.isWhole) {
      this.tap?.('in', Uint8Array.from(this.#header.octets));
      this.state = 'starting';
      this.#hooks.onHeader();
    }
    return rest;
  }

  #readFrames(): void {
    while (!this.#frames.broken) {
      try {
        this.#frames.run();
        break;
      } catch (error) {
        this.#recover(error);
      }
    }
    this.#borrowing?.own();
    this.#borrowing = undefined;
    if (this.#frames.broken) this.input.drop();
    else if (this.#frames.stopped && this.#frames.restBytes > 0) return;
    this.#frames.release();
  }

  #onFrame(type: number, channel: number, block: Block, start: number, end: number): void {
    // A chunk may hold frames behind the one that ended the connection: they are dropped.
    if (this.state === 'closed') return;
    this.#channel = channel;
    this.#method = undefined;
    if (this.tap !== undefined) {
      this.tap('in', block.bytes.subarray(start - FRAME_HEADER_BYTES, end + 1));
    }
    switch (type) {
      case frameTypes.method:
        this.#onMethodFrame(channel, block, start, end);
        return;
      case frameTypes.header:
      case frameTypes.body:
        this.#onContentFrame(type, channel, block, start, end);
        return;
      case frameTypes.heartbeat:
        if (start < end) break;
        if (channel !== 0) throw strayFrame(block, type, start, end);
        return;
    }
    throw unknownFrame(block, type, start, end);
  }

  #onMethodFrame(channel: number, block: Block, start: number, end: number): void {
    const codec = methodAt(block, start, end);
    this.#method = codec.spec.id;
    if (this.#isDiscarded(channel, codec.name)) return;
    const content = this.#channels[channel]?.content;
    if (content !== undefined && content.state !== 'idle') {
      throw missingContent(content, content.state);
    }
    if (channel !== 0 && this.state !== 'running') throw illegalMethod(0, codec.name, this.state);
    if (!maySend(peerOf(this.role), codec.spec)) {
      throw illegalMethod(channel, codec.name, this.state, this.#channels[channel]?.state);
    }
    if (codec.spec.content === true) {
      this.#take(channel, codec);
      this.#beginContent(content!, block, start, end);
      return;
    }
    this.#onMethod(channel, codec, this.#arguments.reset(block, start + 4, end));
  }

  #beginContent(content: Content, block: Block, start: number, end: number): void {
    // Contents of two channels interleave: the first one can no longer be in one piece.
    if (this.#borrowing !== content) this.#borrowing?.own();
    this.#borrowing = content;
    this.#hooks.onContentBegin?.();
    content.begin(block, start, end);
  }

  #onContentFrame(
    type: number, channel: number, block: Block, start: number, end: number,
  ): void {
    if (this.state === 'closing') return;
    const slot = this.#channels[channel];
    if (channel === 0) throw strayFrame(block, type, start, end);
    if (slot === undefined) throw unexpectedFrame(undefined);
    if (slot.state === 'closing') return;
    const { content } = slot;
    const whole = type === frameTypes.header
      ? content.header(block, start, end)
      : content.body(block, start, end);
    if (!whole && type === frameTypes.body) slot.grew(end - start);
    if (!whole) return;
    slot.settle();
    this.#method = undefined;
    try {
      this.#hooks.onContent(channel, content);
    } catch (error) {
      this.#method = content.method;
      throw error;
    } finally {
      content.clear();
    }
  }

  #onMethod(channel: number, codec: MethodCodec, reader: Reader): void {
    const args = codec.decode(reader);
    const name = codec.name;
    // Both sides closed the channel at once: ours still waits for its close-ok.
    const crossing = this.#channels[channel]?.state === 'closing';
    if (name === 'channel.open') this.#checkChannelCount();
    this.#take(channel, codec);
    switch (name) {
      case 'connection.close':
        this.#onConnectionClose(args as MethodArgs<'connection.close'>);
        return;
      case 'connection.close-ok':
        this.#giveUp();
        return;
      case 'channel.close':
        if (!crossing) this.#endChannel(channel, closeError(args as MethodArgs<'channel.close'>));
        writeMethod(this.writer, channel, 'channel.close-ok', {});
        if (!crossing) this.#removeChannel(channel);
        return;
      case 'channel.close-ok':
        return;
      default:
        this.#hooks.onMethod(channel, { name, args } as Method);
    }
  }

  #onConnectionClose(args: MethodArgs<'connection.close'>): void {
    this.#end({ by: 'peer', error: closeError(args) });
    const answer = (): void => this.#answerClose();
    if (this.#hooks.whenEnded === undefined) answer();
    else this.#hooks.whenEnded(answer);
  }

  #answerClose(): void {
    if (this.#isLost) return;
    writeMethod(this.writer, 0, 'connection.close-ok', {});
    this.flush();
    // A client that still reads must find close-ok, and not that its link was lost: it hangs up.
    if (this.role === 'client') this.#giveUp();
    else this.#endWithin(wireLimits.hangUpMs, 'close');
  }

  /** While closing, only the close handshake counts. CON-28. */
  #isDiscarded(channel: number, name: MethodName): boolean {
    if (this.state === 'closing') return !name.startsWith('connection.close');
    return this.#channels[channel]?.state === 'closing' && !name.startsWith('channel.close');
  }

  /** Takes the transition that a method of the peer stands for, or throws what is owed to it. */
  #take(channel: number, { name, spec }: MethodCodec): void {
    if (leavesOpen(spec) && this.#channels[channel]?.state === 'open') return;
    if (this.#transit(channel, name)) return;
    throw illegalMethod(channel, name, this.state, this.#channels[channel]?.state);
  }

  /** Takes the transition that the method stands for; false where the state has none. */
  #transit(channel: number, name: MethodName): boolean {
    if (channel === 0) {
      const next = connectionTransitions[this.state][name];
      if (next === undefined) return false;
      if (next !== this.state) this.#enter(next);
      return true;
    }
    if (this.state !== 'running') return false;
    const slot = this.#channels[channel];
    const next = channelTransitions[slot?.state ?? 'closed'][name];
    if (next === undefined) return false;
    if (slot === undefined) this.#addChannel(channel, next);
    else if (next === 'closed') this.#removeChannel(channel);
    else slot.state = next;
    return true;
  }

  #enter(state: ConnectionState): void {
    this.state = state;
    if (state !== 'running') return;
    this.#stopDeadline();
    this.#frames.frameBytesMax = this.frameBytesMax;
  }

  /** CON-27: it is a count, not the highest number. */
  #checkChannelCount(): void {
    if (this.channelMax === 0 || this.#channelCount < this.channelMax) return;
    throw new AmqpError('NOT_ALLOWED', `number of channels opened (${this.#channelCount}) has ` +
      `reached the negotiated channel_max (${this.channelMax})`, [0, 0]);
  }

  #addChannel(channel: number, state: ChannelState): void {
    const slot = new Channel(this.contentBounds);
    slot.state = state;
    this.#channels[channel] = slot;
    this.#channelCount++;
  }

  #removeChannel(channel: number): void {
    if (this.#channels[channel] === undefined) return;
    this.#channels[channel] = undefined;
    this.#channelCount--;
  }

  /** Turns what was thrown into the close that the peer is owed. */
  #recover(thrown: unknown): void {
    if (!(thrown instanceof AmqpError)) this.#hooks.onFault(thrown);
    const known = thrown instanceof AmqpError ? thrown : new AmqpError('INTERNAL_ERROR', '');
    const error = this.#method === undefined ? known : known.at(this.#method);
    if (this.state === 'closing' || this.state === 'closed') return;
    if (error.scope === 'channel' && this.isOpen(this.#channel)) {
      this.closeChannel(this.#channel, error);
    } else {
      this.#fail(error);
    }
  }

  /** Closes one channel, for a violation or for none; it is deaf until close-ok comes. */
  closeChannel(channel: number, error?: AmqpError): void {
    if (!this.isOpen(channel)) return;
    this.#endChannel(channel, error);
    this.#transit(channel, 'channel.close');
    writeMethod(this.writer, channel, 'channel.close', closeArguments(error));
  }

  #endChannel(channel: number, error: AmqpError | undefined): void {
    this.#channels[channel]?.content.clear();
    this.#channels[channel]?.settle();
    this.#hooks.onChannelEnd(channel, error);
  }

  #fail(error: AmqpError | undefined): void {
    this.#end({ by: 'us', error });
    this.state = 'closing';
    writeMethod(this.writer, 0, 'connection.close', closeArguments(error));
    this.#endWithin(wireLimits.closeMs, 'close');
  }

  #endWithin(ms: number, why: string): void {
    this.#stopDeadline();
    this.#stopDeadline = this.#clock.setTimer(ms, () => this.#giveUp(), why);
  }

  #end(end: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopHeartbeat();
    this.#hooks.onEnd(end);
    this.#channels.length = 0;
  }
}
