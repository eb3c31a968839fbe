import { finalize, Observable, Subscription } from 'rxjs';
import { AmqpError } from '../errors.ts';
import { hostClock, hostRandom } from '../clock/host-clock.ts';
import { limits } from '../limits.ts';
import type { Authenticator, Clock, Link, Random, Serve } from '../ports.ts';
import { BufferPool } from '../protocol/buffer-pool.ts';
import type { FieldTable } from '../protocol/types.ts';
import { edge } from '../session/edge.ts';
import type { SessionEnv } from '../session/session.ts';
import type { ConfirmHold } from './publish/confirms.ts';
import { Access } from './access/access.ts';
import { letIn, makeGuest, type GivenUser } from './access/first-users.ts';
import { passwordLogin } from './access/login.ts';
import {
  checkMessageBytesMax, compatibilityOf, type Compatibility, type Profile,
} from './definition/compatibility.ts';
import { Alarms, type Alarm } from './alarms.ts';
import type { BrokerParts } from './broker-parts.ts';
import {
  defaultOptions, optionNames, type BrokerOptions, type SetOptions,
} from './broker-options.ts';
import type { Persistence } from './durable/persistence.ts';
import type { Recovered } from './durable/recovery.ts';
import { Events, type BrokerEvent, type FrameEvent, type RoutedEvent } from './events/events.ts';
import { MemoryAccount } from './memory-account.ts';
import { MessageStore } from './message/store.ts';
import { checkLength, checkNames } from './names.ts';
import { Parameters } from './parameters.ts';
import { SettingTables } from './settings.ts';
import { ServerConnection } from './connection/server-connection.ts';
import { serverProperties } from './server-properties.ts';
import { sampleStats, type Stats } from './stats.ts';
import { EventExchange } from './told/event-exchange.ts';
import { LogExchange } from './told/log-exchange.ts';
import { BrokerTotals } from './totals.ts';
import type { TraceEvent } from './events/trace.ts';
import { Parties } from './turn/parties.ts';
import { contentStepper } from './take-apart.ts';
import { Turn } from './turn/turn.ts';
import { VirtualHost } from './virtual-host.ts';

export type { BrokerOptions } from './broker-options.ts';

/** What a broker needs of the world. */
export interface BrokerEnv {
  /** Default: the clock of the machine. */
  readonly clock: Clock;
  /** What peers are waited for with: handshakes, heartbeats, close-ok. Default: `clock`. */
  readonly sessionClock: Clock;
  /** Default: `Math.random`. */
  readonly random: Random;
  /**
   * Who decides about logins: in place of the broker's users, or, as a function, beside them: it is
   * given who knows these. Default: its users, by their passwords; guest from this machine alone.
   */
  readonly authenticator: Authenticator | ((own: Authenticator) => Authenticator);
  /** Output buffers, shared with transports that give them back. */
  readonly pool: BufferPool;
  /**
   * Keeps what is durable, as `durableIn(journal)` does; call `recover` before the broker is used.
   * Default: nothing is kept.
   */
  readonly durability: Durability;
}

const envNames: readonly (keyof BrokerEnv)[] = [
  'clock', 'sessionClock', 'random', 'authenticator', 'pool', 'durability',
];

/** How a broker records what is durable, and gets it back. Pages without it are a sixth smaller. */
export interface Durability {
  /** Begins with the broker; records nothing before its recovery is over. */
  attach(broker: Broker): Persistence;
  /** Brings back what the journal kept, before the broker is used. */
  recover(broker: Broker, persistence: Persistence, withCheckpoints: boolean): Promise<Recovered>;
}

/** An AMQP 0-9-1 broker without I/O: give its `serve` a byte stream, or use it in process. */
export class Broker {
  /** Serves one connection: bytes in, bytes out. */
  readonly serve: Serve;
  readonly events$: Observable<BrokerEvent>;
  /** Every frame of every connection; costs nothing while nobody subscribes. */
  readonly frames$: Observable<FrameEvent>;
  /** Every message and where it went; costs nothing while nobody subscribes. */
  readonly routed$: Observable<RoutedEvent>;
  /** What happens to each message, step by step; costs nothing while nobody subscribes. */
  readonly trace$: Observable<TraceEvent>;
  /** Decides when confirms go out, to try publishers; undefined: at the end of the turn. */
  holdConfirms: ConfirmHold | undefined;
  readonly options: SetOptions;
  /** How the broker does where no virtual host says otherwise. */
  readonly compatibility: Compatibility;
  readonly turn: Turn;
  /** Who shares its turns. */
  readonly parties: Parties;
  /** Absent: nothing survives a restart. */
  readonly persistence: Persistence | undefined;
  readonly store = new MessageStore();
  readonly events: Events;
  /** Users, and what they may do. */
  readonly access: Access;
  /** Parameters that somebody keeps here: of components, and global ones. */
  readonly parameters: Parameters;
  readonly authenticator: Authenticator;
  readonly sessionEnv: SessionEnv;
  readonly clock: Clock;
  readonly #authenticatesElsewhere: boolean;
  readonly #settings: SettingTables;
  readonly memory: MemoryAccount;
  /** What it counts, whatever becomes of its virtual hosts. */
  readonly totals = new BrokerTotals();
  readonly #vhosts = new Map<string, VirtualHost>();
  readonly #parts: BrokerParts;
  readonly #durability: Durability | undefined;
  readonly #connections = new Set<ServerConnection>();
  /** Links that are open: those of the connections, and of clients that have yet to hang up. */
  #linkCount = 0;
  /** Connections that hold something: what goes with one may take it several turns. */
  #unfinished = 0;
  /** Virtual hosts that are on their way out. */
  readonly #leaving = new Set<VirtualHost>();
  readonly #alarms: Alarms;
  readonly #eventExchange: EventExchange;
  /** Tells lines of a log to whoever bound a queue to `amq.rabbitmq.log`. */
  readonly logExchange: LogExchange;
  #number = 0;
  #onAllEnded: (() => void) | undefined;

  constructor(env: Partial<BrokerEnv> = {}, options: BrokerOptions = {}) {
    const { clock = hostClock(), random = hostRandom, pool = new BufferPool() } = env;
    checkNames('what a broker is given', env, envNames);
    checkNames('the set of options of a broker', options, optionNames);
    this.options = { ...defaultOptions, ...options };
    checkMessageBytesMax(options.messageBytesMax);
    this.clock = clock;
    const { untunedFrameBytesMax } = this.options;
    this.sessionEnv = { clock: env.sessionClock ?? clock, pool, untunedFrameBytesMax };
    this.parties = new Parties(clock, this.options.turnWork);
    this.memory = new MemoryAccount(this.options.memoryBytesMax, this.store, pool);
    this.turn = new Turn(clock, this.store, this.parties);
    this.events = new Events(clock, this.store);
    this.events$ = this.events.events$;
    this.routed$ = this.events.routed$;
    this.trace$ = this.events.trace.trace$;
    this.frames$ = this.#tappedFrames();
    const { store, turn, events } = this;
    this.#durability = env.durability;
    const persistence = (this.persistence = env.durability?.attach(this));
    this.#alarms = new Alarms(this.memory, (alarm, on) => {
      events.emit({ type: on ? 'alarm.set' : 'alarm.cleared', alarm });
      this.#updateBlocked();
    });
    this.turn.commit = () => {
      persistence?.commit();
      this.#alarms.checkMemory();
    };
    if (persistence !== undefined) this.#watchJournal(persistence);
    this.compatibility = this.#compatibilityOf();
    const settings = (this.#settings = new SettingTables(persistence));
    this.access = new Access(settings, { hasVhost: (name) => this.#vhosts.has(name) }, random);
    this.access.users.onDeleted = (name) => this.#userDeleted(name);
    this.parameters = new Parameters(settings.parameters, settings.globals);
    const own = passwordLogin(this.access);
    const { authenticator = own } = env;
    this.#authenticatesElsewhere = authenticator !== own && typeof authenticator !== 'function';
    this.authenticator = typeof authenticator === 'function' ? authenticator(own) : authenticator;
    this.#parts = {
      clock, random, store, turn, events, persistence, settings, memory: this.memory,
      totals: this.totals, node: this.options.node,
      compatibilityOf: (profile) => this.#compatibilityOf(profile),
    };
    for (const name of this.options.vhosts) this.#addVhost(name);
    this.#eventExchange = new EventExchange(this, settings.hooks);
    this.logExchange = new LogExchange(this.#vhosts, this.options.node);
    this.#watchPolicies();
    if (persistence === undefined) this.#letFirstUsersIn();
    this.serve = (inbound, link) => this.#serve(inbound, link);
  }

  /** The virtual hosts, by name. */
  get vhosts(): ReadonlyMap<string, VirtualHost> {
    return this.#vhosts;
  }

  /**
   * The virtual host of this name, made where there is none; it is there after a restart, however
   * empty. Nobody may open it before permissions say so. Errors: 530 where there are too many, 541
   * where the disk failed.
   */
  ensureVhost(name: string): VirtualHost {
    const known = this.#vhosts.get(name);
    if (known !== undefined && this.#leaving.has(known)) {
      throw new AmqpError('NOT_ALLOWED', `vhost '${name}' is being deleted: try again later`);
    }
    if (known !== undefined) return known;
    const vhost = this.#addVhost(name);
    vhost.describe({});
    return vhost;
  }

  #addVhost(name: string): VirtualHost {
    if (this.#vhosts.size >= limits.vhostsMax) {
      throw new AmqpError('NOT_ALLOWED', `reached maximum (${limits.vhostsMax}) of virtual hosts`);
    }
    checkLength('the name of the virtual host', name);
    const vhost = new VirtualHost(name, this.#parts);
    this.#vhosts.set(name, vhost);
    return vhost;
  }

  /**
   * Has a virtual host do as this RabbitMQ from now on, whatever the broker does as; undefined: as
   * the broker. Connections keep the bound of messages that they had when they were opened.
   */
  setProfile(vhost: VirtualHost, profile: Profile | undefined): void {
    this.turn.within(() => vhost.describe({ compatibility: profile }));
  }

  #compatibilityOf(
    profile: Profile | undefined = this.options.compatibility,
  ): Compatibility {
    const { immediate, messageBytesMax } = this.options;
    const found = compatibilityOf(profile, {
      ...(immediate !== undefined && { immediate }),
      ...(messageBytesMax !== undefined && { messageBytesMax }),
    });
    if (this.persistence === undefined) return found;
    const most = Math.min(found.messageBytesMax, limits.durableMessageBytesMax);
    return { ...found, messageBytesMax: most };
  }

  /**
   * Ends a virtual host with all that is in it; its connections are closed with 320. Errors: 541
   * where the disk failed, and what is in it would be there after the next start. What is much
   * goes over several turns, in which nobody may open it; then `done` is called.
   */
  removeVhost(vhost: VirtualHost, done: () => void = () => {}): void {
    if (!vhost.isBare) this.persistence?.checkChange();
    if (this.#leaving.has(vhost)) return done();
    this.#leaving.add(vhost);
    this.turn.within(() => {
      const error = new AmqpError('CONNECTION_FORCED', `vhost '${vhost.name}' is down`);
      for (const connection of this.#connections) {
        if (connection.info.vhost === vhost.name) connection.close(error);
      }
      this.turn.stepwise(contentStepper(vhost, this.turn), () => {
        this.#forgetVhost(vhost);
        done();
      });
    });
  }

  #forgetVhost(vhost: VirtualHost): void {
    this.#leaving.delete(vhost);
    this.#vhosts.delete(vhost.name);
    vhost.subscription.unsubscribe();
    this.totals.forget(vhost);
    vhost.forgetSettings();
    this.access.permissions.forgetVhost(vhost.name);
    this.parameters.forgetVhost(vhost.name);
  }

  /** The virtual host of this name, where it may be opened. */
  openVhost(name: string): VirtualHost | undefined {
    const vhost = this.#vhosts.get(name);
    return vhost === undefined || this.#leaving.has(vhost) ? undefined : vhost;
  }

  /**
   * Brings back what the journal kept; before anything else is done with the broker. `salvaged`:
   * the journal lost something, so all that is left of it is read. Default: false.
   */
  async recover({ salvaged = false }: { salvaged?: boolean } = {}): Promise<Recovered> {
    if (this.persistence === undefined) return NOTHING_RECOVERED;
    const recovered = await this.#durability!.recover(this, this.persistence, !salvaged);
    // The journal still tells what was declared in virtual hosts that were deleted.
    for (const vhost of this.vhosts.values()) {
      const isWanted = vhost.isDescribed || this.options.vhosts.includes(vhost.name);
      if (vhost.isBare && !isWanted) this.removeVhost(vhost);
    }
    this.#letFirstUsersIn();
    return recovered;
  }

  /** Recovery: takes back what somebody set; `value` undefined: it was removed. */
  restoreSetting(kind: string, vhost: string, name: string, value: unknown): void {
    if (kind === 'vhost' && value !== undefined) this.restoreVhost(name);
    this.#settings.restore(kind, vhost, name, value);
    if (kind === 'vhost') this.#vhosts.get(name)?.updateCompatibility();
    if (kind === 'paused-queue') this.#vhosts.get(vhost)?.pausedQueues.restore(name);
  }

  /** Recovery: the virtual host of this name, made where there is none. */
  restoreVhost(name: string): VirtualHost {
    return this.#vhosts.get(name) ?? this.#addVhost(name);
  }

  /** Resolves when all that was set or declared so far is on disk. Rejects with 541 otherwise. */
  whenKept(): Promise<void> {
    const { persistence } = this;
    if (persistence === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      persistence.whenDefined(resolve, () => {
        reject(new AmqpError('INTERNAL_ERROR', 'the disk failed, nothing is durable'));
      });
    });
  }

  /** Connections that are open or on their way. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The connections that are open or on their way. */
  get connections(): Iterable<ServerConnection> {
    return this.#connections;
  }

  /** A virtual host, for use in process. Throws AmqpError 530 where there is none of this name. */
  vhost(name = '/'): VirtualHost {
    const vhost = this.vhosts.get(name);
    if (vhost === undefined) throw new AmqpError('NOT_ALLOWED', `vhost ${name} not found`);
    return vhost;
  }

  /** Why publishers are blocked, as they are told; undefined: they are not. CON-33. */
  get alarm(): string | undefined {
    return this.#alarms.text;
  }

  /** Whether publishers wait for the disk, which they are not told: it takes but a moment. */
  get isBehind(): boolean {
    return this.persistence?.behind$.value === true;
  }

  /** Raises or clears an alarm: publishers are blocked while there is one. CON-33. */
  setAlarm(alarm: Alarm, on: boolean): void {
    this.#alarms.set(alarm, on);
  }

  #updateBlocked(): void {
    this.turn.within(() => {
      for (const connection of this.#connections) connection.updateBlocked();
    });
  }

  /** What connection.start tells of the server. CON-03. */
  get serverProperties(): FieldTable {
    return serverProperties(this.options);
  }

  /** Totals, sampled every so many milliseconds from the subscription on. */
  stats$(everyMs: number): Observable<Stats> {
    return new Observable((stats) => {
      let cancel = (): void => {};
      const sample = (): void => {
        cancel = this.clock.setTimer(everyMs, sample);
        stats.next(sampleStats(this));
      };
      sample();
      return () => cancel();
    });
  }

  /** Closes every connection with 320; resolves when all are gone or 5 s have passed. CON-32. */
  async stop(text = 'broker forced connection closure with reason \'shutdown\''): Promise<void> {
    this.events.emit({ type: 'broker.stopping' });
    const ended = new Promise<void>((resolve) => {
      const cancel = this.clock.setTimer(limits.stopMs, resolve);
      this.#onAllEnded = () => {
        cancel();
        resolve();
      };
    });
    for (const connection of this.#connections) {
      connection.close(new AmqpError('CONNECTION_FORCED', text));
    }
    this.#checkAllEnded();
    await ended;
    this.#endConsumers();
    this.#eventExchange.subscription.unsubscribe();
    await this.persistence?.close();
    for (const vhost of this.vhosts.values()) vhost.subscription.unsubscribe();
  }

  /** Whoever consumes in process gives back what is not settled, while that is still recorded. */
  #endConsumers(): void {
    this.turn.within(() => {
      for (const vhost of this.vhosts.values()) {
        for (const queue of vhost.queues.values()) queue.consumers.end();
      }
    });
  }

  /**
   * Lets users in as long as the broker runs, to do everything in all virtual hosts that there are,
   * as far as nothing else was set for them.
   */
  letIn(users: readonly GivenUser[]): void {
    letIn(this.access, users, [...this.#vhosts.keys()]);
  }

  /** What was noted under this name, also before a restart. */
  noteOf(name: string): unknown {
    return this.#settings.notes.get('', name);
  }

  /** Keeps something in mind for whoever runs the broker. */
  note(name: string, value: unknown): void {
    this.#settings.notes.set('', name, value);
  }

  #letFirstUsersIn(): void {
    const { users, makesGuest } = this.options;
    this.letIn(users);
    // Who asks somebody else has users elsewhere.
    if (this.#authenticatesElsewhere || !makesGuest) return;
    makeGuest(this.access, [...this.#vhosts.keys()], this.#settings.notes);
  }

  /** Nobody works on in the name of who is no user any more. */
  #userDeleted(name: string): void {
    this.turn.within(() => {
      this.access.permissions.forgetUser(name);
      const error = new AmqpError('CONNECTION_FORCED', `user '${name}' is deleted`);
      for (const connection of this.#connections) {
        if (connection.identity.user === name) connection.close(error);
      }
    });
  }

  /** A policy that changes holds at once. */
  #watchPolicies(): void {
    const { policies, operatorPolicies } = this.#settings;
    for (const table of [policies, operatorPolicies]) {
      table.onChange = (vhost) => this.#vhosts.get(vhost)?.applyPolicies();
    }
  }

  /** A full disk blocks publishers until there is space again; a broken one blocks for good. */
  #watchJournal(persistence: Persistence): void {
    persistence.behind$.subscribe(() => this.#updateBlocked());
    persistence.trouble$.subscribe((trouble) => {
      const text = trouble.kind === 'space' ? 'there is space again' : trouble.text;
      this.events.emit({ type: 'journal.trouble', kind: trouble.kind, text });
      if (trouble.kind === 'failed') this.setAlarm('journal', true);
      else if (trouble.kind !== 'unreadable') this.setAlarm('disk', trouble.kind === 'full');
    });
  }

  #serve(inbound: Observable<Uint8Array>, link: Link): Observable<Uint8Array> {
    const opened = new Subscription();
    const outbound = edge((sink) => {
      const connection = new ServerConnection(this, `connection-${++this.#number}`, sink, link);
      this.#connections.add(connection);
      this.totals.churn.connectionsOpened++;
      this.#linkCount++;
      this.#unfinished++;
      connection.subscription.add(() => {
        this.#unfinished--;
        this.#checkAllEnded();
      });
      opened.add(() => {
        this.forget(connection);
        this.#linkCount--;
      });
      return connection.session;
    });
    return outbound(inbound, link).pipe(finalize(() => {
      opened.unsubscribe();
      this.#checkAllEnded();
    }));
  }

  #checkAllEnded(): void {
    if (this.#linkCount === 0 && this.#unfinished === 0) this.#onAllEnded?.();
  }

  /** The connection is over, though its client may have yet to hang up. */
  forget(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.totals.churn.connectionsClosed++;
    (connection.vhost ?? this).totals.traffic.add(connection.traffic);
  }

  #tappedFrames(): Observable<FrameEvent> {
    const update = (): void => {
      for (const connection of this.#connections) connection.updateTap();
    };
    return new Observable((frames) => {
      const subscription = new Subscription(update);
      subscription.add(this.events.frames$.subscribe(frames));
      update();
      return subscription;
    });
  }
}

const NOTHING_RECOVERED: Recovered = { exchanges: 0, queues: 0, messages: 0, clean: true };
