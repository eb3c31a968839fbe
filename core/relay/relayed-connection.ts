import { infoOf } from '../broker/connection/connection-info.ts';
import type { ConnectionEventBody } from '../broker/connection/connection-event.ts';
import type { ConnectionInfo } from '../broker/events/events.ts';
import { AmqpError } from '../errors.ts';
import type { Identity, Link, Machine, Sink } from '../ports.ts';
import type { Block } from '../protocol/bytes.ts';
import type { MethodCodec } from '../protocol/codec.ts';
import { wireLimits } from '../protocol/limits.ts';
import { Reader, utf8Text } from '../protocol/reader.ts';
import { PROTOCOL_HEADER } from '../protocol/spec.ts';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import { closeArguments, closeError } from '../session/close.ts';
import { connectionTransitions, illegalMethod, type ConnectionState } from '../session/states.ts';
import { checkTuneOk, type Tuning } from '../session/tune.ts';
import { ChannelRelay, type ChannelRelayOwner } from './channel-relay.ts';
import { ClientInput, type InputHooks } from './client-input.ts';
import type { Firewall } from './firewall.ts';
import type { Leg } from './leg.ts';
import type { RelayChannel } from './relay-channel.ts';
import { NodeSearch } from './node-search.ts';
import type { RelayHost } from './relay-host.ts';
import { RelayLogin, type LoginOwner } from './relay-login.ts';
import type { UpstreamLeg, UpstreamOwner } from './upstream-leg.ts';

/**
 * A client, and the node that its connection is relayed to. The handshake with the client is the
 * relay's own; once the virtual host is open at both ends, frames pass.
 */
export class RelayedConnection
implements Machine, InputHooks, UpstreamOwner, ChannelRelayOwner, LoginOwner {
  state: ConnectionState = 'header';
  tuned: Tuning;
  firewall: Firewall | undefined;
  readonly #host: RelayHost;
  readonly #link: Link;
  readonly #leg: Leg;
  readonly #input: ClientInput;
  readonly #arguments = new Reader(new Uint8Array(0));
  readonly #login: RelayLogin;
  #info: ConnectionInfo;
  #search: NodeSearch | undefined;
  #channels: ChannelRelay | undefined;
  /** The client sent connection.close, and is owed the answer. */
  #clientAsked = false;
  #blocked = false;
  #ended = false;

  constructor(host: RelayHost, id: string, sink: Sink, link: Link) {
    this.#host = host;
    this.#link = link;
    this.#info = infoOf(id, link.peer, host.clock.wall());
    this.tuned = host.offered;
    this.#login = new RelayLogin(host, link.peer, this);
    this.#input = new ClientInput(host.untunedFrameBytesMax, this, sink, host);
    this.#leg = this.#input.leg;
    this.#leg.within(wireLimits.handshakeMs, () => this.#giveUp('the handshake takes too long'),
      'handshake');
    this.#leg.tap = (bytes) => {
      if (host.framesObserved) host.emitFrame(id, 'out', bytes);
    };
  }

  get identity(): Identity {
    const { identity, user } = this.#login;
    return identity ?? { user, tags: [], mayOpen: () => true };
  }

  get #upstream(): UpstreamLeg | undefined {
    return this.#search?.leg;
  }

  get info(): ConnectionInfo {
    return this.#info;
  }

  /** Address of the node that it is relayed to; undefined until it is. */
  get nodeName(): string | undefined {
    return this.#upstream?.isOpen === true ? this.#search?.nodeName : undefined;
  }

  get channelMax(): number {
    return this.tuned.channelMax;
  }

  get channelCount(): number {
    return this.#channels?.count ?? 0;
  }

  /** Whether the upstream has said that its publishers are blocked. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether the client is not read, as the upstream takes no more. */
  get inFlow(): boolean {
    return !this.#input.isWritable;
  }

  get isTapped(): boolean {
    return this.#host.framesObserved;
  }

  /** Closes in order with this error. */
  close(error: AmqpError): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    if (this.state === 'header' || this.state === 'starting') return this.#giveUp('');
    this.#fail(error);
    this.#leg.flush();
  }

  receive(chunk: Uint8Array): void {
    this.#input.receive(chunk);
  }

  receiveEnd(error?: unknown): void {
    if (error === undefined && this.#input.endsLater()) return;
    this.#giveUp(error instanceof Error ? error.message : '', 'transport');
  }

  setWritable(on: boolean): void {
    this.#upstream?.leg.input.setWanted(on);
  }

  abort(): void {
    this.#giveUp('the connection was lost', 'transport');
  }

  await(start: (done: (then: () => void) => void) => void): void {
    this.#input.await(start);
  }

  onInputEnd(): void {
    this.receiveEnd();
  }

  onSilence(): void {
    this.#giveUp('missed heartbeats from the client');
  }

  tapIn(bytes: Uint8Array): void {
    this.#host.emitFrame(this.#info.id, 'in', bytes);
  }

  onChunkEnd(): void {
    this.#channels?.onClientChunkEnd();
    this.#upstream?.leg.flush();
    this.#leg.flush();
  }

  onHeader(isAmqp: boolean): void {
    if (!isAmqp) {
      this.#leg.send(PROTOCOL_HEADER.slice());
      return this.#giveUp('');
    }
    this.state = 'started';
    this.#leg.write(0, 'connection.start', {
      versionMajor: 0, versionMinor: 9, serverProperties: this.#host.serverProperties,
      mechanisms: this.#login.mechanisms.join(' '), locales: 'en_US',
    });
  }

  onMethod(channel: number, codec: MethodCodec, block: Block, start: number, end: number): void {
    if (channel === 0) this.#onConnectionMethod(codec, block, start, end);
    else if (this.state !== 'running') throw illegalMethod(0, codec.name, this.state);
    else this.#channels!.fromClient(channel, codec, block, start, end);
  }

  onContent(type: number, channel: number, block: Block, start: number, end: number): void {
    this.#channels!.contentFromClient(type, channel, block, start, end);
  }

  #onConnectionMethod(codec: MethodCodec, block: Block, start: number, end: number): void {
    const next = connectionTransitions[this.state][codec.name];
    if (next === undefined || codec.spec.from === 'server') {
      throw illegalMethod(0, codec.name, this.state);
    }
    const args = codec.decode(this.#arguments.reset(block, start + 4, end));
    const pass = (): void => this.#upstream!.leg.pass(block, start, end);
    switch (codec.name) {
      case 'connection.start-ok':
        return this.#startOk(args as MethodArgs<'connection.start-ok'>);
      case 'connection.tune-ok':
        return this.#tuneOk(args as MethodArgs<'connection.tune-ok'>);
      case 'connection.open':
        return this.#open(args as MethodArgs<'connection.open'>);
      case 'connection.update-secret':
        return this.#updateSecret(args as MethodArgs<'connection.update-secret'>, pass);
      case 'connection.close':
        return this.#clientCloses(args as MethodArgs<'connection.close'>);
      case 'connection.close-ok':
        return this.#clientAnswers();
      default:
        throw illegalMethod(0, codec.name, this.state);
    }
  }

  #startOk(args: MethodArgs<'connection.start-ok'>): void {
    const { mechanism, clientProperties } = args;
    this.#info = { ...this.#info, mechanism, clientProperties };
    this.state = 'securing';
    this.#login.start(args);
  }

  onLogin(): void {
    this.#info = { ...this.#info, user: this.#login.user };
    this.tuned = this.#host.offered;
    this.#leg.write(0, 'connection.tune', this.tuned);
    this.state = 'tuning';
  }

  /** A client that did not say that it can be told is dropped in silence. CON-10. */
  onLoginRefused(error: AmqpError): void {
    this.#info = { ...this.#info, user: this.#login.user };
    this.#emit({ type: 'connection.refused', text: error.message });
    if (this.#host.tellsRefusals || this.#capable('authentication_failure_close')) {
      return this.#fail(error);
    }
    this.#end('us', error.message);
    this.state = 'closed';
    this.#leg.within(wireLimits.closeMs, () => this.#leg.end(), 'silence');
  }

  #capable(capability: string): boolean {
    const { capabilities } = this.#info.clientProperties;
    return typeof capabilities === 'object' && capabilities !== null
      && (capabilities as FieldTable)[capability] === true;
  }

  #tuneOk(args: MethodArgs<'connection.tune-ok'>): void {
    checkTuneOk(this.tuned, args);
    this.tuned = { ...args, channelMax: args.channelMax || this.tuned.channelMax };
    this.state = 'tuned';
    this.#leg.startHeartbeat(args.heartbeat);
  }

  #open({ virtualHost }: MethodArgs<'connection.open'>): void {
    const nodes = this.#host.nodesFor(virtualHost);
    if (nodes === undefined) {
      throw new AmqpError('NOT_ALLOWED', `vhost ${virtualHost} not found`);
    }
    this.#info = { ...this.#info, vhost: virtualHost };
    this.firewall = this.#host.firewallFor({ info: this.#info, identity: this.#login.identity });
    const request = {
      login: this.#login.upstreamFor(virtualHost), clientProperties: this.#info.clientProperties,
      vhost: virtualHost, tuned: this.tuned,
    };
    this.state = 'opening';
    this.#leg.noDeadline();
    this.#input.wait();
    this.#search = new NodeSearch(this.#host, nodes, request, this);
    this.#tryNextNode();
  }

  #tryNextNode(): void {
    if (this.#search!.next()) return;
    this.#failNow(new AmqpError('CONNECTION_FORCED',
      'no node of the upstream can be reached, try again later', NO_METHOD));
  }

  onUpstreamOpen(): void {
    this.#search!.found();
    this.#channels = new ChannelRelay(this.#leg, this.#upstream!.leg, this);
    this.state = 'running';
    this.#input.setFrameBytesMax(this.tuned.frameMax);
    this.#leg.write(0, 'connection.open-ok', {});
    this.#leg.flush();
    this.#link.opened?.();
    this.#emit({ type: 'connection.opened' });
    this.#input.goOn();
  }

  onUpstreamRefusal(error = new AmqpError('CONNECTION_FORCED', 'the upstream closed')): void {
    this.#search!.lost(error.message, true);
    const isLogin = error.replyName === 'ACCESS_REFUSED';
    if (isLogin && this.#host.authenticator !== undefined) {
      this.#host.warn('the upstream refuses the user that a login stands for',
        { user: this.#info.user, node: this.#search?.nodeName, reason: error.replyText });
      return this.#failNow(new AmqpError('ACCESS_REFUSED',
        `the upstream refuses the user that '${this.#info.user}' stands for there`, NO_METHOD));
    }
    if (isLogin) this.#emit({ type: 'connection.refused', text: error.message });
    this.#failNow(error);
  }

  onUpstreamTuning({ channelMax, frameMax }: Tuning): void {
    this.#search!.lost('', true);
    const { offered } = this.#host;
    this.#host.offered = { ...offered, channelMax, frameMax };
    this.#failNow(new AmqpError('CONNECTION_FORCED', `the upstream takes frames of ${frameMax} ` +
      `bytes and ${channelMax} channels, which is less than was agreed on: connect again`));
  }

  onUpstreamLost(reason: string): void {
    const node = this.#search!.nodeName;
    this.#search!.lost(reason, this.state !== 'opening');
    if (this.state === 'opening') return this.#tryNextNode();
    this.#input.setWritable(true);
    if (this.state === 'closing' && this.#clientAsked) return this.#hangUp();
    if (this.state !== 'running') return;
    this.#host.warn('lost an upstream node', { node, reason });
    this.#failNow(new AmqpError('CONNECTION_FORCED',
      'the upstream node went away, connect again', NO_METHOD));
  }

  onUpstreamMethod(
    channel: number, codec: MethodCodec, block: Block, start: number, end: number,
  ): void {
    if (channel !== 0) {
      if (this.state === 'running') {
        this.#channels!.fromUpstream(channel, codec, block, start, end);
      }
      return;
    }
    if (codec.name === 'connection.blocked') this.#setBlocked(true, block, start, end);
    else if (codec.name === 'connection.unblocked') this.#setBlocked(false, block, start, end);
    if (this.state !== 'running') return;
    this.#leg.pass(block, start, end);
    if (codec.name !== 'connection.close') return;
    const args = codec.decode(this.#arguments.reset(block, start + 4, end));
    this.#leg.flush();
    this.state = 'closing';
    this.#end('us', closeError(args as MethodArgs<'connection.close'>)?.replyText ?? '');
    this.#leg.within(wireLimits.closeMs, () => this.#giveUp(''), 'close');
  }

  onUpstreamContent(
    type: number, channel: number, block: Block, start: number, end: number,
  ): void {
    if (this.state !== 'running') return;
    this.#channels!.contentFromUpstream(type, channel, block, start, end);
  }

  onUpstreamChunkEnd(): void {
    this.#leg.flush();
  }

  onUpstreamWritable(on: boolean): void {
    this.#input.setWritable(on);
  }

  #setBlocked(blocked: boolean, block: Block, start: number, end: number): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    const reason = blocked ? utf8Text(block.bytes.subarray(start + 5, end)) ?? '' : '';
    this.#emit(blocked ? { type: 'connection.blocked', reason } : { type: 'connection.unblocked' });
  }

  awaitChannel(channel: RelayChannel): void {
    const { number } = channel;
    this.#input.wait();
    channel.whenOver = () => this.#input.goOn(() => this.#channels!.reopen(number));
  }

  onChannel(type: 'channel.opened' | 'channel.closed', channel: number, text: string): void {
    this.#emit({ type, channel, text });
  }

  /** CON-34. A secret of ours is taken here; one that was passed through is passed on. */
  #updateSecret(
    { newSecret }: MethodArgs<'connection.update-secret'>, pass: () => void,
  ): void {
    if (this.#login.identity === undefined) return pass();
    this.#login.renew(newSecret, () => this.#leg.write(0, 'connection.update-secret-ok', {}));
  }

  onLoginExpired(error: AmqpError): void {
    this.close(error);
  }

  #clientCloses(args: MethodArgs<'connection.close'>): void {
    const isCrossing = this.state === 'closing';
    const upstream = this.#upstream;
    this.state = 'closing';
    this.#end('peer', closeError(args)?.replyText ?? '');
    this.#clientAsked = true;
    if (isCrossing || upstream?.isOpen !== true) return this.#hangUp();
    // The answer waits for that of the upstream, which frees what the connection had.
    upstream.finish();
    this.#leg.within(wireLimits.closeMs, () => this.#hangUp(), 'close');
  }

  /** Answers the client's close, where that came, and lets it hang up. */
  #hangUp(): void {
    if (this.state === 'closed') return;
    this.#leg.write(0, 'connection.close-ok', {});
    this.#leg.flush();
    this.#leg.within(wireLimits.hangUpMs, () => this.#giveUp(''), 'close');
  }

  #clientAnswers(): void {
    const upstream = this.#upstream;
    if (upstream?.isOpen === true) {
      upstream.leg.write(0, 'connection.close-ok', {});
      upstream.end();
    }
    this.#giveUp('');
  }

  /** Turns what was thrown into the close that the client is owed. */
  onThrown(thrown: unknown, channel: number): void {
    if (!(thrown instanceof AmqpError)) {
      this.#emit({ type: 'connection.failed', error: thrown });
    }
    const error = thrown instanceof AmqpError ? thrown : new AmqpError('INTERNAL_ERROR', '');
    if (this.state === 'closing' || this.state === 'closed') return;
    const isOfChannel = error.scope === 'channel' && channel !== 0;
    if (isOfChannel && this.#channels?.refuse(channel, error) === true) return;
    this.#fail(error);
  }

  #failNow(error: AmqpError): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.#fail(error);
    this.#leg.flush();
  }

  #fail(error: AmqpError): void {
    const upstream = this.#upstream;
    this.#end('us', error.replyText);
    this.state = 'closing';
    this.#leg.write(0, 'connection.close', closeArguments(error));
    this.#leg.within(wireLimits.closeMs, () => this.#giveUp(''), 'close');
    upstream?.finish();
    // A client that waited must be heard again, or its close-ok never comes.
    this.#input.setWritable(true);
    if (this.#input.waits) this.#goOnLater();
  }

  #goOnLater(): void {
    this.#host.clock.defer(() => {
      if (this.state === 'closing') this.#input.goOn();
    });
  }

  #giveUp(text: string, by: 'us' | 'peer' | 'transport' = 'us'): void {
    if (this.state === 'closed') return;
    this.#end(by, text);
    this.state = 'closed';
    this.#leg.input.drop();
    const upstream = this.#upstream;
    // A client that broke off leaves as it came: the upstream sees the connection end.
    if (by === 'transport') upstream?.end();
    else upstream?.finish();
    this.#leg.end();
  }

  #end(by: 'us' | 'peer' | 'transport', text: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#login.stop();
    this.#search?.stop();
    this.#emit({ type: 'connection.closed', by, text });
  }

  #emit(event: ConnectionEventBody): void {
    this.#host.emit(event, this.#info);
  }
}

const NO_METHOD = [0, 0] as const;
