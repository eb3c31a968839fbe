import { Subscription } from 'rxjs';
import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Credentials, Identity, Link, LoginRefusal, Sink } from '../../ports.ts';
import type { Content } from '../../protocol/content.ts';
import { utf8Text } from '../../protocol/reader.ts';
import { methods } from '../../protocol/spec.ts';
import type { FieldTable, MethodArgs } from '../../protocol/types.ts';
import { offeredTo, readCredentials, type Mechanism } from '../../session/sasl.ts';
import { Session, type Method, type SessionEnd, type SessionHooks } from '../../session/session.ts';
import { checkTuneOk } from '../../session/tune.ts';
import type { Broker } from '../broker.ts';
import { Traffic } from '../counters.ts';
import { Dependents } from '../dependents.ts';
import type { ConnectionInfo } from '../events/events.ts';
import { infoOf } from './connection-info.ts';
import { Party } from '../turn/parties.ts';
import { work } from '../turn/work.ts';
import type { ConnectionEventBody } from './connection-event.ts';
import { Flow } from './flow.ts';
import { checkChannelLimit, offered, openableVhost } from './connection-limits.ts';
import { awaitAnswer } from './awaited-answer.ts';
import { HeldSink } from './held-sink.ts';
import { LoginTerm } from './login-term.ts';
import type { Queue } from '../queue/abstract-queue.ts';
import { ServerChannel } from './server-channel.ts';
import { chain, endChannel, endStepper } from './settlement.ts';
import type { VirtualHost } from '../virtual-host.ts';

const NOBODY: Identity = { user: '', tags: [], mayOpen: () => false };

/** The broker's side of one connection: what the server role adds to the session. */
export class ServerConnection implements SessionHooks {
  readonly broker: Broker;
  readonly session: Session<'server'>;
  /** Whoever logged in. */
  identity: Identity = NOBODY;
  /** What the two sides agreed on; what is offered, until they did. */
  tuned = offered;
  /** Everything that lives as long as the connection. */
  readonly subscription = new Subscription();
  /** Exclusive queues. */
  readonly #dependents = new Dependents(this.subscription);
  readonly #link: Link;
  /** What went over it, and was read. */
  readonly traffic = new Traffic();
  readonly #output: HeldSink;
  /** Whether the transport takes more bytes. */
  #linkWritable = true;
  /** What was declared in this turn is to be on disk before it is answered. */
  #holds = false;
  /** Turns whose declarations are not on disk yet. */
  #awaited = 0;
  /** Whether deliveries could be sent when that was last looked at. */
  #wasWritable = true;
  readonly #channels = new Map<number, ServerChannel>();
  #vhost: VirtualHost | undefined;
  #info: ConnectionInfo;
  /** It has published, so an alarm concerns it. CON-33. */
  #publishes = false;
  #blocked = false;
  #flushing = false;
  /** Whether the client is to be read; what waits of its input aside. */
  #wanted = true;
  /** Its input, among all who share the turns of the broker. */
  readonly #party: Party;
  /** Work of the broker when it began to read the present chunk. */
  #workBefore = 0;
  readonly #flow: Flow;
  readonly #term = new LoginTerm(this);
  /** Waits until all is gone that goes with the connection. */
  #whenEnded: () => void = () => {};
  /** Works of the client that are to be done before it is read further. */
  #worksAwaited = 0;

  constructor(broker: Broker, id: string, sink: Sink, link: Link) {
    this.broker = broker;
    this.#link = link;
    this.#info = infoOf(id, link.peer, broker.clock.wall());
    this.#output = new HeldSink(sink, this.traffic);
    this.#party = new Party(() => this.#goOn());
    this.#flow = new Flow(broker.clock, (active) => {
      this.#emit({ type: 'connection.flow', active });
    });
    this.session = new Session('server', this, this.#output, broker.sessionEnv);
    this.updateTap();
  }

  /** Who is at the other end, as events tell it. */
  get info(): ConnectionInfo {
    return this.#info;
  }

  /** The virtual host that it opened. */
  get vhost(): VirtualHost | undefined {
    return this.#vhost;
  }

  /** Whether deliveries can be sent now. */
  get writable(): boolean {
    return this.#linkWritable && this.#awaited === 0;
  }

  /** Whether its publishes wait for an alarm to clear. CON-33. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether it was held up of late, for it asks for more work than its share. */
  get inFlow(): boolean {
    return this.#flow.active;
  }

  /** The channels that are open. */
  get channels(): Iterable<ServerChannel> {
    return this.#channels.values();
  }

  /** Channels that are open. */
  get channelCount(): number {
    return this.#channels.size;
  }

  /** Whether the client said that it can do this. CON-05. */
  capable(capability: string): boolean {
    const { capabilities } = this.#info.clientProperties;
    return isTable(capabilities) && capabilities[capability] === true;
  }

  /** Has the connection sent to at the end of the turn. */
  flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.broker.turn.flushConnection(this);
  }

  /** Called by the turn. */
  flush(): void {
    this.#flushing = false;
    this.session.flush();
    if (!this.writable) this.updateBlocked();
    if (!this.#holds) return;
    this.#holds = false;
    this.#awaitDefinitions();
  }

  /** Has what is sent from now on wait until what was declared is on disk. */
  holdAnswers(): void {
    if (this.broker.persistence === undefined) return;
    this.#holds = true;
    this.#output.hold();
    this.flushLater();
  }

  /** An exclusive queue goes with its connection. QUE-06. */
  own(queue: Queue): void {
    if (queue.options.owner === this) this.#dependents.add(queue.subscription);
  }

  /** Closes in order with this error. */
  close(error: AmqpError): void {
    this.broker.turn.within(() => this.session.close(error));
    // A blocked client must be heard again, or its close-ok never comes.
    this.#setReading(true);
  }

  #setReading(on: boolean): void {
    this.#wanted = on;
    this.session.setReading(on);
  }

  /** Sends frames to whoever looks at them, or no longer. */
  updateTap(): void {
    const { events } = this.broker;
    this.session.tap = events.framesObserved
      ? (direction, bytes) => events.emitFrame(this.#info.id, direction, bytes)
      : undefined;
  }

  /** Whether answers pile up for somebody who asks without end and does not read. */
  get #isFlooded(): boolean {
    return !this.writable && this.#output.givenBytes > limits.unreadAnswerBytesMax;
  }

  /** Blocks a publisher, or lets it go on. CON-33. */
  updateBlocked(): void {
    const { alarm, isBehind } = this.broker;
    const running = this.session.state === 'running';
    const publishes = this.#publishes && running;
    const reading = !(publishes && (alarm !== undefined || isBehind)) &&
      !(running && this.#isFlooded);
    if (reading !== this.#wanted) this.#setReading(reading);
    const blocked = publishes && alarm !== undefined;
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    const notifies = this.capable('connection.blocked') && this.session.state === 'running';
    if (blocked) this.#emit({ type: 'connection.blocked', reason: alarm! });
    else this.#emit({ type: 'connection.unblocked' });
    if (!notifies) return;
    if (blocked) this.session.send(0, 'connection.blocked', { reason: alarm! });
    else this.session.send(0, 'connection.unblocked', {});
    this.flushLater();
  }

  /** How this client may log in. CON-06. */
  get #mechanisms(): readonly Mechanism[] {
    return offeredTo(this.#link.peer, this.broker.options.mechanisms);
  }

  onHeader(): void {
    this.session.send(0, 'connection.start', {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: this.broker.serverProperties,
      mechanisms: this.#mechanisms.join(' '),
      locales: 'en_US',
    });
  }

  /**
   * Reads nothing more of the client until a work is done that takes it several turns: its answer
   * comes after its effect, and what the client asks next after that. `start` begins the work.
   */
  awaitWork(start: (done: () => void) => void): void {
    let isDone = false;
    let waits = false;
    start(() => {
      isDone = true;
      if (waits && --this.#worksAwaited === 0) this.onInputHeld();
    });
    if (isDone) return;
    waits = true;
    this.#worksAwaited++;
    this.session.input.stop();
  }

  /** At once, where no others wait for their turn and the broker did little since it rested. */
  mayRead(): boolean {
    const { turn, parties } = this.broker;
    if (this.#worksAwaited > 0) return false;
    if (!turn.isOpen && parties.admit(this.#party)) {
      this.#workBefore = parties.work;
      return true;
    }
    if (!parties.isFresh(this.#party)) this.#flow.note();
    return false;
  }

  #goOn(): boolean {
    return this.#worksAwaited === 0 && this.session.goOn() && this.#worksAwaited === 0;
  }

  onInputHeld(): void {
    if (this.#worksAwaited === 0 && this.session.input.canGoOn) {
      this.broker.parties.add(this.#party);
    }
  }

  onMethod(channel: number, method: Method): void {
    const { turn } = this.broker;
    turn.begin();
    this.#handle(channel, method);
    this.flushLater();
    this.#cut();
  }

  #handle(channel: number, method: Method): void {
    try {
      if (channel === 0) this.#onConnectionMethod(method);
      else if (method.name === 'channel.open') this.#openChannel(channel);
      else this.#channels.get(channel)?.handle(method);
    } catch (error) {
      awaitAnswer(this, error, () => ({
        channel, method: methods[method.name].id, run: () => this.#handle(channel, method),
      }));
    }
  }

  /** Stops between two frames where the turn is used up: what comes next has a later one. */
  #cut(): void {
    if (!this.broker.turn.isInputSpent) return;
    this.session.input.stop();
    this.#flow.note();
  }

  onContentBegin(): void {
    if (this.#publishes) return;
    this.#publishes = true;
    this.broker.turn.begin();
    this.updateBlocked();
  }

  onContent(channel: number, content: Content): void {
    this.broker.turn.begin();
    try {
      this.#channels.get(channel)!.publish(content);
    } catch (error) {
      awaitAnswer(this, error, () => {
        const kept = content.copied();
        return { channel, method: kept.method, run: () => this.onContent(channel, kept) };
      });
    }
    this.#cut();
  }

  onChannelEnd(channel: number, error: AmqpError | undefined): void {
    const ended = this.#channels.get(channel);
    if (ended === undefined) return;
    this.#channels.delete(channel);
    this.broker.turn.within(() => endChannel(this, this.broker.turn, ended));
    this.#emit({ type: 'channel.closed', channel, text: error?.replyText ?? '' });
  }

  onEnd({ by, error, why = '' }: SessionEnd): void {
    this.broker.turn.within(() => {
      const endChannels = endStepper([...this.#channels.values()]);
      this.#channels.clear();
      this.#endAll(endChannels);
    });
    this.#flow.stop();
    this.#term.stop();
    if (by === 'peer') this.broker.forget(this);
    this.#emit({ type: 'connection.closed', by, text: error?.replyText ?? why });
  }

  /** Channels and exclusive queues go with it, over as many turns as they take. */
  #endAll(endChannels: () => boolean): void {
    const { turn } = this.broker;
    const endQueues = this.#dependents.stepper(() => turn.spend(work.queueRemoval));
    turn.stepwise(chain([endChannels, endQueues]), () => {
      this.subscription.unsubscribe();
      this.#whenEnded();
    });
  }

  /** CON-31: exclusive queues are gone before close-ok goes out. */
  whenEnded(then: () => void): void {
    if (this.subscription.closed) then();
    else this.#whenEnded = then;
  }

  onChunkEnd(): void {
    const { turn, parties } = this.broker;
    turn.end();
    this.traffic.receivedBytes = this.session.receivedBytes;
    this.traffic.receivedChunks = this.session.received;
    // Who was in line is charged by whoever called it.
    if (!this.#party.waits) parties.charge(this.#party, parties.work - this.#workBefore);
  }

  /** The transport takes more, or is full: consumers wait while it is. */
  onWritable(on: boolean): void {
    if (on === this.#linkWritable) return;
    this.broker.turn.within(() => {
      this.#linkWritable = on;
      this.#updateGates();
    });
  }

  onFault(fault: unknown): void {
    this.#emit({ type: 'connection.failed', error: fault });
  }

  /** What is sent from now on waits; answers how to let it go. */
  holdOutput(): () => void {
    this.#awaited++;
    this.#output.hold();
    this.#updateGates();
    return () => {
      this.#awaited--;
      if (this.#awaited === 0 && !this.#holds) this.#output.release();
      this.#updateGates();
    };
  }

  /** A full disk takes what was declared once there is space; a broken one never will. */
  #awaitDefinitions(): void {
    const persistence = this.broker.persistence!;
    this.#awaited++;
    const settled = (act: () => void) => (): void => {
      this.#awaited--;
      act();
      this.#updateGates();
    };
    persistence.whenDefined(
      settled(() => {
        if (this.#awaited === 0 && !this.#holds) this.#output.release();
      }),
      settled(() => {
        if (persistence.recording) this.#awaitDefinitions();
        else this.#denyDefinitions();
      }),
    );
    this.#updateGates();
  }

  /** Closes without the answers that wait: whether the declarations are kept stays open. */
  #denyDefinitions(): void {
    this.#output.drop();
    this.session.close(new AmqpError('INTERNAL_ERROR', 'the disk failed, nothing is durable'));
  }

  #updateGates(): void {
    if (this.writable !== this.#wasWritable) {
      this.#wasWritable = this.writable;
      this.#output.givenBytes = 0;
      this.updateBlocked();
    }
    for (const channel of this.#channels.values()) channel.gate.setWritable(this.writable);
  }

  #onConnectionMethod({ name, args }: Method): void {
    this.broker.turn.spend(work.method);
    switch (name) {
      case 'connection.start-ok':
        this.#startOk(args);
        return;
      case 'connection.tune-ok':
        checkTuneOk(offered, args);
        this.tuned = { ...args, channelMax: args.channelMax || offered.channelMax };
        this.session.tune(this.tuned.channelMax, args.frameMax, args.heartbeat);
        return;
      case 'connection.open':
        this.#open(args);
        return;
      case 'connection.update-secret':
        this.#term.renew(utf8Text(args.newSecret) ?? '');
        return;
      default:
        throw new AmqpError('COMMAND_INVALID', `unimplemented method '${name}'`);
    }
  }

  #startOk(args: MethodArgs<'connection.start-ok'>): void {
    const { peer } = this.#link;
    const { mechanism, clientProperties } = args;
    const credentials = readCredentials(mechanism, args.response, peer, this.#mechanisms);
    this.#info = { ...this.#info, user: credentials.user, mechanism, clientProperties };
    const { authenticator } = this.broker;
    this.subscription.add(
      authenticator.authenticate(credentials, peer).subscribe((identity) => {
        this.broker.turn.within(() => this.#authenticated(credentials, identity));
      }),
    );
  }

  #authenticated(
    { mechanism }: Credentials, identity: Identity | LoginRefusal | undefined,
  ): void {
    if (identity === undefined || 'refused' in identity) {
      // CON-10; a client that cannot be told is told all the same, where RabbitMQ falls silent.
      const reason = identity?.refused ?? 'For details see the broker logfile';
      const text = `Login was refused using authentication mechanism ${mechanism}. ${reason}.`;
      this.#emit({ type: 'connection.refused', text });
      const isTold = this.capable('authentication_failure_close')
        || this.broker.compatibility.refusedLogin === 'close';
      if (!isTold) {
        this.session.endSilently(limits.silentRefusalMs);
        return;
      }
      this.session.close(new AmqpError('ACCESS_REFUSED', text));
      return;
    }
    this.identity = identity;
    this.#term.watch();
    this.#info = { ...this.#info, user: identity.user };
    this.session.send(0, 'connection.tune', offered);
    this.flushLater();
  }

  /** Opens a virtual host; one connection too many, or a host that is not there: 530. CON-17. */
  #open({ virtualHost }: MethodArgs<'connection.open'>): void {
    this.#vhost = openableVhost(this, virtualHost);
    this.#info = { ...this.#info, vhost: virtualHost };
    const { messageBytesMax } = this.#vhost.compatibility;
    const { contentBounds } = this.session;
    contentBounds.messageBytesMax = messageBytesMax;
    contentBounds.unfinishedBytesMax = Math.max(limits.unfinishedBytesMax, 2 * messageBytesMax);
    this.session.send(0, 'connection.open-ok', {});
    this.#link.opened?.();
    this.#emit({ type: 'connection.opened' });
  }

  #openChannel(number: number): void {
    checkChannelLimit(this);
    this.broker.turn.spend(work.method);
    this.#channels.set(number, new ServerChannel(this, this.#vhost!, number));
    this.session.send(number, 'channel.open-ok', {});
    this.#emit({ type: 'channel.opened', channel: number, text: '' });
  }

  #emit(event: ConnectionEventBody): void {
    this.broker.events.emit({ ...event, connection: this.#info });
  }
}

function isTable(value: unknown): value is FieldTable {
  return typeof value === 'object' && value !== null;
}
