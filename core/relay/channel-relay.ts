import { AmqpError } from '../errors.ts';
import type { Block } from '../protocol/bytes.ts';
import type { MethodCodec } from '../protocol/codec.ts';
import { CONTENT_HEADER_BYTES } from '../protocol/content.ts';
import { checkProperties } from '../protocol/raw-properties.ts';
import { Reader, utf8Text } from '../protocol/reader.ts';
import { frameTypes, methods } from '../protocol/spec.ts';
import type { MethodArgs } from '../protocol/types.ts';
import { closeArguments } from '../session/close.ts';
import type { Method } from '../session/hooks.ts';
import { illegalMethod, maySend } from '../session/states.ts';
import type { Firewall } from './firewall.ts';
import type { Leg } from './leg.ts';
import { checkedArguments, checkPublish } from './method-check.ts';
import { RelayChannel } from './relay-channel.ts';

const PUBLISH = methods['basic.publish'].id;

/** What a relay of channels needs of its connection. */
export interface ChannelRelayOwner {
  readonly channelMax: number;
  readonly firewall: Firewall | undefined;
  /** The number is used again before the upstream has answered the close of its channel. */
  awaitChannel(channel: RelayChannel): void;
  onChannel(type: 'channel.opened' | 'channel.closed', channel: number, text: string): void;
}

/**
 * The channels of a relayed connection: frames are followed as a session follows them, so that
 * nothing passes that the protocol does not allow, and what the firewall refuses ends its channel
 * alone.
 */
export class ChannelRelay {
  readonly #channels = new Map<number, RelayChannel>();
  readonly #client: Leg;
  readonly #upstream: Leg;
  readonly #owner: ChannelRelayOwner;
  readonly #arguments = new Reader(new Uint8Array(0));
  /** The channel whose publish waits for its header and still points into the present chunk. */
  #borrowing: RelayChannel | undefined;

  constructor(client: Leg, upstream: Leg, owner: ChannelRelayOwner) {
    this.#client = client;
    this.#upstream = upstream;
    this.#owner = owner;
  }

  get count(): number {
    return this.#channels.size;
  }

  /** A chunk of the client is about to be let go. */
  onClientChunkEnd(): void {
    this.#borrowing?.ownHeld();
    this.#borrowing = undefined;
  }

  /** A method of the client on a numbered channel. Errors: 403, 502 to 505, 530, 540. */
  fromClient(number: number, codec: MethodCodec, block: Block, start: number, end: number): void {
    const { name, spec } = codec;
    const channel = this.#channels.get(number);
    if (name === 'channel.open') return this.#open(number, channel, codec, block, start, end);
    if (channel === undefined) throw illegalMethod(number, name, 'running');
    if (name === 'channel.close') return this.#clientCloses(channel, codec, block, start, end);
    if (name === 'channel.close-ok') return this.#clientAnswers(channel, block, start, end);
    if (channel.isClosing) return;
    channel.fromClient.expectMethod(PUBLISH);
    if (!maySend('client', spec)) throw illegalMethod(number, name, 'running', 'open');
    if (spec.content === true) return this.#publish(channel, block, start, end);
    const args = checkedArguments(codec, this.#arguments, block, start, end);
    if (args !== undefined) this.#check(channel, { name, args } as Method);
    this.#upstream.pass(block, start, end);
  }

  /** A frame of a message that the client publishes. Errors: 403, 501, 502, 505. */
  contentFromClient(
    type: number, number: number, block: Block, start: number, end: number,
  ): void {
    const channel = this.#channels.get(number);
    if (channel?.isClosing === true) return;
    if (channel === undefined) {
      throw new AmqpError('UNEXPECTED_FRAME',
        'expected method frame, got non method frame instead', [0, 0]);
    }
    if (type === frameTypes.body) {
      channel.fromClient.body(end - start, PUBLISH);
      this.#upstream.pass(block, start, end);
      return;
    }
    const bodyBytes = channel.fromClient.header(block, start, end, PUBLISH);
    const flagsAt = start + CONTENT_HEADER_BYTES;
    checkProperties(block, flagsAt, end);
    this.#owner.firewall?.content(bodyBytes, block, flagsAt, end);
    this.#upstream.pass(channel.heldBlock!, channel.heldStart, channel.heldEnd);
    channel.dropHeld();
    this.#upstream.pass(block, start, end);
  }

  /** A method of the upstream on a numbered channel. */
  fromUpstream(
    number: number, codec: MethodCodec, block: Block, start: number, end: number,
  ): void {
    const channel = this.#channels.get(number);
    // What was on its way when the channel ended.
    if (channel === undefined) return;
    const { name } = codec;
    if (channel.isRefused) return this.#upstreamOnRefused(channel, name);
    if (name === 'queue.declare-ok') {
      const args = codec.decode(this.#arguments.reset(block, start + 4, end));
      channel.queue = (args as MethodArgs<'queue.declare-ok'>).queue;
    }
    channel.fromUpstream.expectMethod(codec.spec.id);
    this.#client.pass(block, start, end);
    if (codec.spec.content === true) {
      channel.fromUpstream.begin();
    } else if (name === 'channel.close') {
      channel.upstreamCloses = true;
      channel.dropHeld();
    } else if (name === 'channel.close-ok') {
      channel.clientCloses = false;
      this.#removeIfOver(channel);
    }
  }

  /** A frame of a message for the client; the first part of one that was refused may be through. */
  contentFromUpstream(
    type: number, number: number, block: Block, start: number, end: number,
  ): void {
    const channel = this.#channels.get(number);
    if (channel === undefined) return;
    const { fromUpstream } = channel;
    if (channel.isRefused && fromUpstream.state === 'idle') return;
    if (type === frameTypes.header) fromUpstream.header(block, start, end, NO_METHOD);
    else fromUpstream.body(end - start, NO_METHOD);
    this.#client.pass(block, start, end);
    if (fromUpstream.state === 'idle' && channel.refusal !== undefined) this.#tell(channel);
  }

  /** Ends a channel towards both sides; whether there is one to be ended. */
  refuse(number: number, error: AmqpError): boolean {
    const channel = this.#channels.get(number);
    if (channel === undefined || channel.isClosing) return false;
    channel.isRefused = true;
    channel.dropHeld();
    channel.refusal = error;
    this.#upstream.write(number, 'channel.close', closeArguments(undefined));
    this.#upstream.flush();
    if (channel.fromUpstream.state === 'idle') this.#tell(channel);
    return true;
  }

  /** The upstream has answered, or there was nothing to wait for: the number is used again. */
  reopen(number: number): void {
    this.#add(number);
    this.#upstream.write(number, 'channel.open', {});
  }

  #tell(channel: RelayChannel): void {
    const error = channel.refusal!;
    channel.refusal = undefined;
    this.#client.write(channel.number, 'channel.close', closeArguments(error));
    this.#client.flush();
    this.#owner.onChannel('channel.closed', channel.number, error.replyText);
  }

  #open(
    number: number, channel: RelayChannel | undefined, codec: MethodCodec,
    block: Block, start: number, end: number,
  ): void {
    codec.decode(this.#arguments.reset(block, start + 4, end));
    if (channel !== undefined) {
      if (channel.isRefused && channel.clientAnswered) return this.#owner.awaitChannel(channel);
      throw illegalMethod(number, 'channel.open', 'running', 'open');
    }
    const { channelMax } = this.#owner;
    if (channelMax !== 0 && this.#channels.size >= channelMax) {
      throw new AmqpError('NOT_ALLOWED', `number of channels opened (${this.#channels.size}) has ` +
        `reached the negotiated channel_max (${channelMax})`, NO_METHOD);
    }
    this.#add(number);
    this.#upstream.pass(block, start, end);
  }

  #add(number: number): void {
    this.#channels.set(number, new RelayChannel(number));
    this.#owner.onChannel('channel.opened', number, '');
  }

  #clientCloses(
    channel: RelayChannel, codec: MethodCodec, block: Block, start: number, end: number,
  ): void {
    codec.decode(this.#arguments.reset(block, start + 4, end));
    if (channel.isRefused) {
      this.#client.write(channel.number, 'channel.close-ok', {});
      this.#client.flush();
      return;
    }
    channel.fromClient.expectMethod(PUBLISH);
    channel.clientCloses = true;
    this.#upstream.pass(block, start, end);
  }

  #clientAnswers(channel: RelayChannel, block: Block, start: number, end: number): void {
    if (channel.isRefused && channel.refusal === undefined) {
      channel.clientAnswered = true;
      this.#removeIfOver(channel);
    } else if (channel.upstreamCloses) {
      channel.upstreamCloses = false;
      this.#upstream.pass(block, start, end);
      this.#removeIfOver(channel);
    } else {
      throw illegalMethod(channel.number, 'channel.close-ok', 'running', 'open');
    }
  }

  #upstreamOnRefused(channel: RelayChannel, name: MethodCodec['name']): void {
    if (name === 'channel.close') {
      this.#upstream.write(channel.number, 'channel.close-ok', {});
      this.#upstream.flush();
    } else if (name === 'channel.close-ok') {
      channel.upstreamAnswered = true;
      // Nothing of a message can come any more.
      if (channel.refusal !== undefined) this.#tell(channel);
      this.#removeIfOver(channel);
    }
  }

  #removeIfOver(channel: RelayChannel): void {
    if (!channel.isOver) return;
    this.#channels.delete(channel.number);
    if (!channel.isRefused) this.#owner.onChannel('channel.closed', channel.number, '');
    channel.whenOver?.();
  }

  /** A publish waits for its header: where that is refused, nothing of it has passed. */
  #publish(channel: RelayChannel, block: Block, start: number, end: number): void {
    checkPublish(block, start, end);
    const { firewall } = this.#owner;
    if (firewall !== undefined) {
      const exchangeAt = start + 7;
      const keyAt = exchangeAt + block.bytes[exchangeAt - 1]! + 1;
      firewall.publish(textAt(block, exchangeAt), textAt(block, keyAt));
    }
    if (this.#borrowing !== channel) this.#borrowing?.ownHeld();
    this.#borrowing = channel;
    channel.hold(block, start, end);
    channel.fromClient.begin();
  }

  #check(channel: RelayChannel, method: Method): void {
    const { firewall } = this.#owner;
    const { args } = method;
    if (firewall !== undefined) {
      const isOfLast = 'queue' in args && args.queue === '' && method.name !== 'queue.declare';
      const known = isOfLast ? { ...args, queue: channel.queue } : args;
      firewall.method({ name: method.name, args: known } as Method);
    }
    if (method.name === 'queue.declare') channel.queue = method.args.queue;
  }
}

const NO_METHOD = [0, 0] as const;

/** The short string whose text begins at `at`. Errors: 502 where it is not UTF-8. */
function textAt(block: Block, at: number): string {
  const text = utf8Text(block.bytes.subarray(at, at + block.bytes[at - 1]!));
  if (text === undefined) throw new AmqpError('SYNTAX_ERROR', 'a name is not UTF-8', PUBLISH);
  return text;
}
