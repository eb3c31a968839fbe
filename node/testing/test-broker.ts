import type { RequestListener } from 'node:http';
import { Observable } from 'rxjs';
import {
  Broker, BufferPool, limits, type Authenticator, type Clock, type PeerInfo, type Serve,
  type VirtualHost,
} from '../../core/index.ts';
import type { FieldTable, Properties } from '../../core/protocol/index.ts';
import { seededRandom } from '../../core/random.ts';
import { Doors, type DoorLog } from '../doors.ts';
import { HostRule } from '../host-rule.ts';
import { answerHttp } from '../http.ts';
import { OriginRule } from '../origin.ts';
import { httpServer, tcpServer } from '../servers.ts';
import type { SocketBytes, SocketTransport } from '../tcp.ts';
import { defaultUser } from '../users.ts';
import { WebSocketAcceptor } from '../websocket.ts';
import { ClientSockets } from './client-sockets.ts';
import {
  checkSupported, importDefinitions, vhostsOf, type Definitions,
} from './definitions.ts';
import { durationText, millisecondsOf, type Duration } from './duration.ts';
import {
  Expectations, type DeadLetteredPattern, type PublishedPattern, type RoutedPattern,
  type WaitOptions,
} from './expectations.ts';
import { Faults } from './faults.ts';
import { FrameLog } from './frame-log.ts';
import { hostWall, socketClock, startHostTimer } from './host-time.ts';
import { leakText, LeakWatch, type LeakReport } from './leaks.ts';
import { checkTestBrokerOptions, type TestBrokerOptions } from './options.ts';
import { reportOf } from './report.ts';
import { emptyBroker } from './reset.ts';
import type { RoutedMessage } from './seen-message.ts';
import { errorsFromHere, TestBrokerError } from './test-broker-error.ts';
import { TestClock } from './test-clock.ts';
import { TestQueue } from './test-queue.ts';
import { Timeline } from './timeline.ts';
import { Traffic } from './traffic.ts';
import { Trail, type EventOf, type TestEvent } from './trail.ts';
import { guardedLogin, type LoginGuard } from './users.ts';
import { Wire } from './wire.ts';
import { checkWords, type Words } from './words.ts';

const HOST = '127.0.0.1';
const DEFAULT_PATIENCE_MS = 20;
const DEFAULT_TIMEOUT_MS = 2000;
/** How long clients may take over the closing handshake at the end before they are reset. */
const STOP_MS = 1000;
/** Keeps draws for faults apart from those of the broker, which clients cause. */
const FAULT_SEED_MASK = 0x5bd1_e995;

/** Older runtimes, and the contexts that jest runs tests in, do not have the symbol. */
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** A message that a test publishes itself. */
export interface TestMessage {
  /** Default: `/`. */
  readonly vhost?: string;
  /** Default: the default exchange, whose routing keys are names of queues. */
  readonly exchange?: string;
  readonly routingKey?: string;
  /** Text, bytes, or a value that is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: FieldTable;
  readonly properties?: Properties;
  readonly mandatory?: boolean;
}

const messageWords: Words<TestMessage> = {
  vhost: 'any', exchange: 'any', routingKey: 'any', body: 'any', headers: 'any',
  properties: 'any', mandatory: [true, false],
};

/** A broker that a test owns: real sockets on loopback, and hands on its time and its faults. */
export class TestBroker {
  /** The broker itself. */
  readonly core: Broker;
  /** Time of queues and messages. */
  readonly clock: Clock;
  /** What can go wrong, on demand. */
  readonly faults: Faults;
  /** Give it to `startTestBroker`, and what was drawn at random is drawn again. */
  readonly seed: number;
  readonly #options: TestBrokerOptions;
  readonly #clocks: readonly TestClock[];
  readonly #timeline: Timeline;
  readonly #trail: Trail;
  readonly #leaks: LeakWatch;
  readonly #frameLog: FrameLog;
  readonly #expectations: Expectations;
  readonly #wires = new Map<PeerInfo, Wire>();
  readonly #traffic = new Traffic(() => this.#wires.values());
  readonly #clientSockets = new ClientSockets((port) => this.#isOwnPort(port));
  readonly #logins: LoginGuard = new Set();
  readonly #doors: Doors;
  #stopped: Promise<LeakReport> | undefined;

  constructor(options: TestBrokerOptions) {
    checkTestBrokerOptions(options);
    this.#options = options;
    this.seed = options.seed ?? seedOfEnvironment();
    const wallStart = options.startAt?.getTime() ?? hostWall();
    const clock = new TestClock(options.clock !== 'virtual', wallStart);
    const sessionClock = new TestClock(true, wallStart);
    this.clock = clock;
    this.#clocks = [clock, sessionClock];
    const pool = new BufferPool();
    this.core = this.#makeCore(clock, sessionClock, pool);
    const broker = this.core;
    this.#applyTopology();
    const trail = (this.#trail = new Trail(broker));
    this.#leaks = new LeakWatch(broker);
    this.#frameLog = new FrameLog(broker);
    const traffic = this.#traffic;
    const wires: Iterable<Wire> = { [Symbol.iterator]: () => this.#wires.values() };
    const patienceMs = millisecondsOf(options.patience ?? DEFAULT_PATIENCE_MS);
    this.#timeline = new Timeline({ broker, clock, sessionClock, traffic, wires, patienceMs });
    this.faults = new Faults({
      broker, wires, trail, logins: this.#logins,
      random: seededRandom(this.seed ^ FAULT_SEED_MASK),
      report: () => this.#report(),
      applyTopology: () => this.#applyTopology(),
    });
    this.#expectations = new Expectations({
      broker, trail, traffic,
      timeoutMs: millisecondsOf(options.timeout ?? DEFAULT_TIMEOUT_MS),
      report: (exchange, vhost) => this.#report(exchange, vhost),
      onFailure: () => this.#saveFrameLog(),
    });
    this.#doors = new Doors(this.#serve, { clock: socketClock, pool }, this.#doorLog);
  }

  /** Opens the ports. */
  async open(): Promise<void> {
    const place = { hosts: [HOST], hostsMayBeAbsent: false, port: 0 };
    const urls = (): string[] => [this.url, this.webSocketUrl];
    const http = {
      answer: answerHttp({
        version: this.core.options.version, urls, management: this.#management(),
      }),
      webSockets: new WebSocketAcceptor(
        new OriginRule(), this.core.compatibility.messageBytesMax,
      ),
      hosts: new HostRule(),
    };
    await Promise.all([
      this.#doors.open('amqp', (accept) => tcpServer(this.#wiring(accept)), place),
      this.#doors.open('http', (accept) => httpServer(http, this.#wiring(accept)), place),
    ]);
    this.#clientSockets.start();
  }

  /** `amqp://guest:guest@127.0.0.1:40123`, for any client; append `/name` for another vhost. */
  get url(): string {
    return `amqp://${this.#login}@${HOST}:${this.port}`;
  }

  /** `ws://127.0.0.1:40124/ws/amqp`, for clients that speak AMQP over WebSocket. */
  get webSocketUrl(): string {
    return this.#listener('http').url;
  }

  /**
   * `http://guest:guest@127.0.0.1:40124`, for programs that use RabbitMQ's management API: they
   * append `/api`.
   */
  get managementUrl(): string {
    return `http://${this.#login}@${HOST}:${this.#listener('http').port}`;
  }

  /** The address that it listens on. */
  get host(): string {
    return HOST;
  }

  /** Of AMQP over TCP. */
  get port(): number {
    return this.#listener('amqp').port;
  }

  /** A virtual host, to declare and to publish without a client. */
  vhost(name = '/'): VirtualHost {
    return this.core.vhost(name);
  }

  /** A queue, to look at. It need not exist yet. */
  queue(name: string, vhost = '/'): TestQueue {
    const fail = errorsFromHere();
    return new TestQueue(name, vhost, {
      broker: this.core,
      report: () => this.#report(),
      until: (condition, failure) => this.#expectations.until(condition, failure, fail),
    });
  }

  /**
   * Publishes without a client; whether the message had a place to go to. What is no text and no
   * bytes is sent as JSON. Throws an AmqpError 404 where there is no such exchange.
   */
  publish(message: TestMessage): boolean {
    checkWords('publish', message, messageWords);
    const { vhost, exchange = '', routingKey = '', body, headers, properties, mandatory } = message;
    const isOctets = typeof body === 'string' || body instanceof Uint8Array;
    return this.vhost(vhost).publishTo(this.vhost(vhost).exchange(exchange), {
      routingKey, body: isOctets ? body : JSON.stringify(body ?? null),
      ...(mandatory !== undefined && { mandatory }),
      properties: {
        ...(!isOctets && { contentType: 'application/json' }), ...properties,
        ...(headers !== undefined && { headers }),
      },
    });
  }

  /** Drops the messages that wait in a queue; answers how many there were. */
  purge(queue: string, vhost = '/'): number {
    return this.queue(queue, vhost).purge();
  }

  /**
   * Makes the broker as it was at its start, between two tests: queues, exchanges, bindings and
   * policies go, faults end, and what was routed is forgotten; then the topology of its start is
   * declared. Users, virtual hosts and connections stay; consumers are cancelled.
   */
  async reset(): Promise<void> {
    this.faults.clear();
    await this.#traffic.untilQuiet();
    emptyBroker(this.core);
    this.#applyTopology();
    await this.#traffic.untilQuiet();
    this.#trail.note('reset');
    this.#trail.forget();
  }

  /**
   * Moves time forward: time to live, expiry, delays, consumer timeouts and heartbeats run in
   * order, and clients in this process answer in between. Silence of a client is none while time
   * is moved, unless `faults.stopReading` made it.
   */
  advance(duration: Duration): Promise<void> {
    const milliseconds = millisecondsOf(duration);
    this.#trail.note(`time moves ${durationText(milliseconds)} ahead`);
    return this.#timeline.advance(milliseconds);
  }

  /** Resolves when nothing is on its way between the broker and clients in this process. */
  settled(): Promise<void> {
    return this.#traffic.untilQuiet();
  }

  /** A message like this was routed since the start, or will be in time; answers it. */
  expectRouted(pattern: RoutedPattern, options: WaitOptions = {}): Promise<RoutedMessage> {
    return this.#expectations.expectRouted(pattern, options, errorsFromHere());
  }

  /** A message like this was published since the start, or will be in time, wherever it went. */
  expectPublished(pattern: PublishedPattern, options: WaitOptions = {}): Promise<RoutedMessage> {
    return this.#expectations.expectPublished(pattern, options, errorsFromHere());
  }

  /** No message like this went to a queue, once what is on its way by now has come. */
  expectNotRouted(pattern: RoutedPattern = {}): Promise<void> {
    return this.#expectations.expectNotRouted(pattern, errorsFromHere());
  }

  /** A message like this was dead-lettered since the start, or will be in time; answers it. */
  expectDeadLettered(
    pattern: DeadLetteredPattern = {}, options: WaitOptions = {},
  ): Promise<RoutedMessage> {
    return this.#expectations.expectDeadLettered(pattern, options, errorsFromHere());
  }

  /** Every delivery is acknowledged, once all that is on its way has come. */
  assertNoUnacked(): Promise<void> {
    return this.#expectations.assertNoUnacked(errorsFromHere());
  }

  /** The next event of this type with these facts, from the call on. */
  waitFor<T extends TestEvent['type']>(
    type: T, facts: Partial<Omit<EventOf<T>, 'type'>> = {},
    options: WaitOptions = {},
  ): Promise<EventOf<T>> {
    return this.#expectations.event(type, facts, options, errorsFromHere());
  }

  /** What happened, as failures show it. */
  get report(): string {
    return this.#report();
  }

  /** Every frame of every connection, one line each. */
  get frameLog(): string {
    return this.#frameLog.text;
  }

  /** Writes the frame log to a file. */
  writeFrameLog(file: string): void {
    this.#frameLog.write(file);
  }

  /** Connections, channels, consumers and queues that are open now and were not at the start. */
  get leaks(): LeakReport {
    return this.#leaks.report;
  }

  /** Closes everything and answers what the test left open; fails for that if it is to. */
  stop(): Promise<LeakReport> {
    return (this.#stopped ??= this.#stop());
  }

  /** The same as `stop`, at the end of `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<LeakReport> {
    this.faults.clear();
    this.#doors.refuse();
    await this.#traffic.untilQuiet();
    const leaks = this.#leaks.report;
    const leftOpen = leakText(leaks);
    const error = new TestBrokerError(`${leftOpen}\n\n${this.#report()}`);
    const cancel = startHostTimer(() => this.#resetAll(), STOP_MS);
    await this.core.stop();
    cancel();
    await this.#doors.close();
    this.#saveFrameLog();
    const parts = [this.#trail, this.#leaks, this.#frameLog, this.#clientSockets, ...this.#clocks];
    for (const part of parts) part.stop();
    const { leaks: wish = 'report' } = this.#options;
    if (leftOpen !== '' && wish === 'fail') throw error;
    if (leftOpen !== '' && wish === 'report') process.stderr.write(`${leftOpen}\n`);
    return leaks;
  }

  #makeCore(clock: Clock, sessionClock: Clock, pool: BufferPool): Broker {
    const { vhosts = [], consumerTimeout, immediate } = this.#options;
    const { compatibility, messageBytesMax = limits.largeMessageBytesMax } = this.#options;
    const definitions = this.#definitions;
    if (this.#options.unsupported !== 'ignore') checkSupported(definitions);
    const authenticator = (own: Authenticator) => guardedLogin(own, this.#logins);
    const random = seededRandom(this.seed);
    return new Broker({ clock, sessionClock, pool, random, authenticator }, {
      makesGuest: false,
      vhosts: [...new Set(['/', ...vhosts, ...vhostsOf(definitions)])],
      ...(compatibility !== undefined && { compatibility }),
      ...(immediate !== undefined && { immediate }),
      messageBytesMax,
      ...(consumerTimeout !== undefined && { consumerTimeoutMs: millisecondsOf(consumerTimeout) }),
      platform: `Node.js ${process.version}`,
    });
  }

  get #definitions(): Definitions {
    const { topology } = this.#options;
    return typeof topology === 'object' ? topology : {};
  }

  #applyTopology(): void {
    const { topology } = this.#options;
    if (typeof topology === 'function') topology(this.core.vhost());
    else importDefinitions(this.core, this.#definitions);
    this.core.letIn(this.#options.users ?? [defaultUser]);
  }

  /** Serves a connection, and knows from then on which wire carries it. */
  readonly #serve: Serve = (inbound, link) => new Observable((outbound) => {
    const served = this.core.serve(inbound, link).subscribe(outbound);
    const wire = this.#wires.get(link.peer);
    if (wire !== undefined) {
      wire.connection = [...this.core.connections].at(-1);
      this.faults.opened(wire);
    }
    return served;
  });

  readonly #doorLog: DoorLog = {
    write: (component, level, text, fields) => {
      if (level === 'debug') return;
      this.#trail.note(`${component} ${text} ${JSON.stringify(fields)}`);
    },
  };

  /** Loaded with the first request: most tests ask for nothing of it, and start sooner. */
  #management(): RequestListener {
    let loading: Promise<RequestListener> | undefined;
    return (request, response) => {
      loading ??= import('../management.ts').then(({ serveManagement }) => serveManagement({
        broker: this.core, origins: new OriginRule(), log: this.#doorLog,
        listeners: () => this.#doors.listeners,
      }));
      void loading.then((listener) => listener(request, response));
    };
  }

  /** Puts a wire around each transport before it is let in. */
  #wiring(accept: (wire: Wire) => void): (transport: SocketTransport) => void {
    return (transport) => {
      if (this.faults.refusesConnections) {
        transport.reset();
        return;
      }
      const client = (): SocketBytes | undefined => this.#clientSockets.of(transport.peer);
      const wire = new Wire(transport, client, this.faults, this.#traffic);
      this.#wires.set(transport.peer, wire);
      wire.whenClosed(() => this.#wires.delete(transport.peer));
      this.#traffic.moved();
      accept(wire);
    };
  }

  #resetAll(): void {
    for (const wire of this.#wires.values()) wire.drop('reset');
  }

  #listener(way: 'amqp' | 'http'): { readonly url: string; readonly port: number } {
    const listener = this.#doors.listeners.find((each) => each.way === way);
    if (listener === undefined) throw new TestBrokerError('the test broker is not open');
    return listener;
  }

  #isOwnPort(port: number | undefined): boolean {
    return this.#doors.listeners.some((listener) => listener.port === port);
  }

  get #login(): string {
    const { name, password } = this.#options.users?.[0] ?? defaultUser;
    return `${encodeURIComponent(name)}:${encodeURIComponent(password)}`;
  }

  #report(exchange?: string, vhost?: string): string {
    const { frameLogFile: file } = this.#options;
    const report = reportOf(this.core, this.#trail, this.seed, exchange, vhost);
    return file === undefined ? report : `${report}\n\nEvery frame is in ${file}`;
  }

  #saveFrameLog(): void {
    const { frameLogFile } = this.#options;
    if (frameLogFile !== undefined) this.#frameLog.write(frameLogFile);
  }
}

/**
 * Starts a broker on free ports of this machine, in this process, in a few milliseconds. Stop it
 * with `stop()`, or declare it with `await using`. Fails where the topology is wrong, or an option
 * is none.
 */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const broker = new TestBroker(options);
  await broker.open();
  return broker;
}

/** A seed that was reported replays; else each run has its own. */
function seedOfEnvironment(): number {
  const given = process.env['TABMQ_SEED'];
  if (given === undefined) return Math.floor(Math.random() * 0x1_0000_0000);
  if (/^\d+$/.test(given)) return Number(given);
  throw new TestBrokerError(`TABMQ_SEED is '${given}', and a seed is a whole number`);
}
