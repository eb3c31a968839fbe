import { AmqpError } from '../errors.ts';
import type { Machine, Sink } from '../ports.ts';
import type { Block } from '../protocol/bytes.ts';
import { methodById, type MethodCodec } from '../protocol/codec.ts';
import { FrameReader, unknownFrame } from '../protocol/frame-reader.ts';
import { wireLimits } from '../protocol/limits.ts';
import { Reader } from '../protocol/reader.ts';
import { frameTypes, PROTOCOL_HEADER } from '../protocol/spec.ts';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import { closeError } from '../session/close.ts';
import type { Tuning } from '../session/tune.ts';
import { Leg, type LegEnv } from './leg.ts';
import type { UpstreamLogin } from './relay-host.ts';

/** What is asked of a node. */
export interface UpstreamRequest {
  readonly login: UpstreamLogin;
  readonly clientProperties: FieldTable;
  readonly vhost: string;
  /** What the client agreed on. */
  readonly tuned: Tuning;
}

/** Who has the other leg. */
export interface UpstreamOwner {
  /** The virtual host is open. */
  onUpstreamOpen(): void;
  /** The node let nobody in, and says why: no other one would. */
  onUpstreamRefusal(error: AmqpError | undefined): void;
  /** The node takes smaller frames, or fewer channels, than the client agreed on. */
  onUpstreamTuning(offered: Tuning): void;
  /** A method of the node, once it is open. */
  onUpstreamMethod(
    channel: number, codec: MethodCodec, block: Block, start: number, end: number,
  ): void;
  /** A frame of a message. */
  onUpstreamContent(type: number, channel: number, block: Block, start: number, end: number): void;
  /** All frames of a chunk were handed over. */
  onUpstreamChunkEnd(): void;
  /** The client takes no more, or again. */
  onUpstreamWritable(on: boolean): void;
  /** The node is gone, or is given up. */
  onUpstreamLost(reason: string): void;
}

/** The relay's end of a connection to a node: its login, and then frames. */
export class UpstreamLeg implements Machine {
  readonly leg: Leg;
  isOpen = false;
  readonly #request: UpstreamRequest;
  readonly #owner: UpstreamOwner;
  readonly #frames: FrameReader;
  readonly #arguments = new Reader(new Uint8Array(0));
  #ended = false;
  /** The relay has said good-bye: what the node still sends means nothing. */
  #isFinished = false;

  constructor(request: UpstreamRequest, owner: UpstreamOwner, sink: Sink, env: LegEnv) {
    this.#request = request;
    this.#owner = owner;
    this.#frames = new FrameReader(wireLimits.frameBytesMax, this.#onFrame.bind(this), true);
    this.leg = new Leg(this.#frames, sink, env, () => this.#lose('it fell silent'));
    this.leg.within(wireLimits.handshakeMs, () => this.#lose('it did not answer in time'),
      'upstream handshake');
    this.leg.send(PROTOCOL_HEADER.slice());
  }

  receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.leg.received++;
    try {
      this.#frames.feed(chunk);
      this.#frames.run();
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error;
      this.#lose(this.isOpen
        ? `it sent what is not AMQP 0-9-1: ${error.message}` : 'it does not speak AMQP 0-9-1');
      return;
    }
    this.#frames.release();
    this.#owner.onUpstreamChunkEnd();
    this.leg.flush();
  }

  receiveEnd(error?: unknown): void {
    this.#lose(error instanceof Error ? error.message : 'it closed the connection');
  }

  setWritable(on: boolean): void {
    this.#owner.onUpstreamWritable(on);
  }

  abort(): void {
    this.#lose('the connection was lost');
  }

  /** Says good-bye, and hears nothing more but the answer. */
  finish(): void {
    if (this.#ended) return;
    if (!this.isOpen) return this.end();
    this.isOpen = false;
    this.#isFinished = true;
    this.leg.write(0, 'connection.close', {
      replyCode: 200, replyText: 'OK', classId: 0, methodId: 0,
    });
    this.leg.flush();
    this.leg.input.setWanted(true);
    this.leg.within(wireLimits.closeMs, () => this.end(), 'upstream close');
  }

  /** Flushes and hangs up. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.isOpen = false;
    this.leg.end();
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#owner.onUpstreamLost(reason);
  }

  #onFrame(type: number, channel: number, block: Block, start: number, end: number): void {
    if (this.#ended) return;
    switch (type) {
      case frameTypes.method:
        this.#onMethodFrame(channel, block, start, end);
        return;
      case frameTypes.header:
      case frameTypes.body:
        if (this.isOpen) this.#owner.onUpstreamContent(type, channel, block, start, end);
        return;
      case frameTypes.heartbeat:
        return;
    }
    throw unknownFrame(block, type, start, end);
  }

  #onMethodFrame(channel: number, block: Block, start: number, end: number): void {
    const codec = end - start < 4
      ? undefined : methodById(block.view.getUint16(start), block.view.getUint16(start + 2));
    if (codec === undefined) throw unknownFrame(block, frameTypes.method, start, end);
    if (this.isOpen) {
      this.#owner.onUpstreamMethod(channel, codec, block, start, end);
    } else if (channel === 0) {
      this.#onConnectionMethod(codec, block, start, end);
    }
  }

  /** Before it is open, and once the relay has closed it. */
  #onConnectionMethod(codec: MethodCodec, block: Block, start: number, end: number): void {
    const args = codec.decode(this.#arguments.reset(block, start + 4, end));
    switch (codec.name) {
      case 'connection.start':
        this.#start(args as MethodArgs<'connection.start'>);
        return;
      case 'connection.tune':
        this.#tune(args as MethodArgs<'connection.tune'>);
        return;
      case 'connection.open-ok':
        this.isOpen = true;
        this.leg.noDeadline();
        this.#owner.onUpstreamOpen();
        return;
      case 'connection.close':
        this.leg.write(0, 'connection.close-ok', {});
        if (this.#isFinished) return;
        this.end();
        this.#owner.onUpstreamRefusal(closeError(args as MethodArgs<'connection.close'>));
        return;
      case 'connection.close-ok':
        this.#lose('closed');
        return;
      default:
        if (!this.#isFinished) this.#lose(`it asks for ${codec.name}, which a relay cannot answer`);
    }
  }

  #start({ mechanisms }: MethodArgs<'connection.start'>): void {
    const { login: { mechanism, response }, clientProperties } = this.#request;
    if (!mechanisms.split(' ').includes(mechanism)) {
      this.end();
      this.#owner.onUpstreamRefusal(new AmqpError('ACCESS_REFUSED',
        `the upstream does not offer the authentication mechanism ${mechanism}`));
      return;
    }
    const { capabilities } = clientProperties;
    const known = typeof capabilities === 'object' ? capabilities as FieldTable : {};
    this.leg.write(0, 'connection.start-ok', {
      // What the upstream refuses it is to say, so that the client can be told.
      clientProperties: {
        ...clientProperties, capabilities: { ...known, authentication_failure_close: true },
      },
      mechanism, response, locale: 'en_US',
    });
  }

  #tune(offered: MethodArgs<'connection.tune'>): void {
    const { tuned, vhost } = this.#request;
    if (isMore(tuned.frameMax, offered.frameMax) || isMore(tuned.channelMax, offered.channelMax)) {
      this.end();
      this.#owner.onUpstreamTuning(offered);
      return;
    }
    const { heartbeat } = offered;
    this.leg.write(0, 'connection.tune-ok', { ...tuned, heartbeat });
    this.leg.write(0, 'connection.open', { virtualHost: vhost });
    this.leg.startHeartbeat(heartbeat);
    this.#frames.frameBytesMax = tuned.frameMax;
  }
}

/** Whether the first is more than the second, where 0 is no limit. */
function isMore(agreed: number, offered: number): boolean {
  return offered !== 0 && (agreed === 0 || agreed > offered);
}
