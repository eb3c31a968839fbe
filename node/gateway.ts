import type { Server } from 'node:net';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import {
  Broker, BufferPool, durableIn, limits, mechanisms as allMechanisms, type Authenticator,
  type BrokerOptions, type Clock, type GivenUser, type Mechanism, type TransportEnv,
} from '../core/index.ts';
import { SHORTSTR_BYTES_MAX } from '../core/protocol/index.ts';
import type { Journal } from '../core/storage/index.ts';
import { logBroker, tellOfLog } from './broker-log.ts';
import { ControlSocket, ownerLogin } from './control-socket.ts';
import { openData, recover } from './data.ts';
import {
  bringsUsers, loadDefinitions, readDefinitionsFile, type DefinitionsFile,
} from './definitions-file.ts';
import { Doors, type ListenerInfo, type WayIn } from './doors.ts';
import { nodeClock } from './host-clock.ts';
import { answerHttp } from './http.ts';
import { answerNotFound } from './http-text.ts';
import { HostRule } from './host-rule.ts';
import type { ListenOptions } from './listener.ts';
import { Log } from './log.ts';
import { loginSources, type LoginSources } from './login-sources.ts';
import { LoginDelay } from './login-delay.ts';
import { serveManagement } from './management.ts';
import { MemoryMonitor, processMemory } from './memory-monitor.ts';
import { Metrics } from './metrics/metrics.ts';
import { OriginRule } from './origin.ts';
import type { Playground } from './playground.ts';
import { httpServer, httpsServer, plainServer, tcpServer, tlsServer } from './servers.ts';
import { Reload, type ReloadOptions } from './reload.ts';
import { StartError } from './start-error.ts';
import type { Strangers } from './strangers.ts';
import { certificatesEnd, readTls, type TlsFiles } from './tls.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import { OwnLogins } from './upstream/own-logins.ts';
import { checkUpstream, relayOf, type Relay, type UpstreamOptions } from './upstream/relay.ts';
import type { User } from './users.ts';
import { version } from './version.ts';
import { WebSocketAcceptor } from './websocket.ts';

/** Port by way in; the two with TLS are there only when a certificate is. */
export type GatewayPorts = { readonly [W in 'amqp' | 'http']: number } & {
  readonly [W in 'amqps' | 'https' | 'metrics']?: number;
};

export interface GatewayOptions extends LoginSources, UpstreamOptions {
  /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
  readonly hosts?: readonly string[] | undefined;
  /**
   * 0 picks a free port. Default: 5672, 15672, 5671 and 15671; metrics have a port of their own
   * only where it is given.
   */
  readonly ports?: { readonly [W in WayIn]?: number | undefined };
  /** Metrics do without a port of their own where it is taken. Default: false. */
  readonly metricsPortMayBeTaken?: boolean | undefined;
  readonly tls?: TlsFiles | undefined;
  /**
   * Who may log in, beside those who were made at run time, and do everything. Default: none, and
   * guest with the password guest is made where there never was any user. `guest` only from this
   * machine.
   */
  readonly users?: readonly (User | GivenUser)[] | undefined;
  /**
   * A file of definitions, as RabbitMQ exports it, that is taken in at the start. Where it brings
   * users, guest is not made. Default: none.
   */
  readonly definitions?: string | undefined;
  /** Leaves definitions alone that are those which were loaded last. Default: false. */
  readonly definitionsSkipIfUnchanged?: boolean | undefined;
  /** Default: `/` alone. */
  readonly vhosts?: readonly string[] | undefined;
  /** Pages that may connect, besides those of this host and this machine; `*` for all. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Names under which programs on this machine may reach the HTTP ports, as behind a proxy, besides
   * those of loopback; `*` for all.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Proxies that say by the PROXY protocol whom they pass on, as addresses or networks such as
   * `10.0.0.0/8`; every connection of theirs has to begin with it. Default: none.
   */
  readonly proxyProtocolFrom?: readonly string[] | undefined;
  /** Connections at once that have yet to be opened by a login. Default: 4096. */
  readonly strangersMax?: number | undefined;
  /**
   * Directory that keeps what is durable; made where its parent exists. One process at a time has
   * it. Default: none, everything is in memory.
   */
  readonly data?: string | undefined;
  /** Starts on damaged data, and gives up for good what cannot be read. Default: false. */
  readonly salvage?: boolean | undefined;
  /**
   * How clients may log in. Default: PLAIN and AMQPLAIN, and where `tls.loginFrom` is set EXTERNAL,
   * which those alone are offered who showed a certificate.
   */
  readonly mechanisms?: BrokerOptions['mechanisms'] | undefined;
  readonly compatibility?: BrokerOptions['compatibility'] | undefined;
  readonly immediate?: BrokerOptions['immediate'] | undefined;
  readonly messageBytesMax?: BrokerOptions['messageBytesMax'] | undefined;
  /** Share of the heap or container limit at which publishers must wait. Default: 0.6. */
  readonly memoryHighWatermark?: number | undefined;
  /** Served to browsers on the HTTP port. Default: none. */
  readonly playground?: Playground | undefined;
  /** Default: nothing is logged. */
  readonly log?: Log | undefined;
}

/** A broker with its doors open. */
export interface Gateway {
  readonly broker: Broker;
  readonly ports: GatewayPorts;
  readonly listeners: readonly ListenerInfo[];
  /** Absolute path of the directory that keeps what is durable, where there is one. */
  readonly data: string | undefined;
  /** Takes on other users, certificates and levels of the log. Throws a StartError. */
  reload(options: ReloadOptions): void;
  /**
   * Stops accepting, closes every connection with 320, and resolves when all are gone and what is
   * durable is on disk. Rejects where the disk does not take it.
   */
  stop(): Promise<void>;
}

const passwordMechanisms = allMechanisms.filter((name) => name !== 'EXTERNAL');
/** Where Prometheus looks for a RabbitMQ. */
export const METRICS_PORT = 15_692;
const DEFAULT_HOSTS = ['127.0.0.1', '::1'];
const DEFAULT_PORTS: Readonly<Record<WayIn, number>> = {
  amqp: 5672, http: 15_672, amqps: 5671, https: 15_671, metrics: METRICS_PORT,
};
const DEFAULT_MEMORY_HIGH_WATERMARK = 0.6;

/** Starts a broker and its listeners. Fails with a StartError that says what is in the way. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  checkOptions(options);
  const mechanisms = mechanismsOf(options);
  const log = options.log ?? new Log({ levels: { all: 'silent' } });
  const env = { clock: nodeClock(), pool: new BufferPool() };
  const loginsOf = loginSources(options, env.clock, log);
  const data = options.data === undefined ? undefined : resolve(options.data);
  const definitions = definitionsOf(options);
  const metrics = new Metrics(env.clock);
  const dataOptions = { salvage: options.salvage, wrap: metrics.measure };
  const journal = await openData(data, env.clock, dataOptions, log);
  const ownLogins = new OwnLogins();
  const broker = makeBroker(options, {
    ...env, journal, mechanisms, makesGuest: definitions === undefined || !bringsUsers(definitions),
    authenticator: (own) => new LoginDelay(loginsOf(ownLogins.of(own)), env.clock, log),
  });
  let logging = logBroker(broker, log);
  const relay = relayOf(options, { broker, log, mechanisms, clock: env.clock, ownLogins });
  const doors = doorsTo(relay ?? { ...env, serve: broker.serve }, options, env.clock, log);
  tellOfLog(broker, log);
  metrics.watch(broker, data ?? '.', () => doors.strangers.count + broker.connectionCount);
  let controlSocket: ControlSocket | undefined;
  try {
    const recovered = await recover(broker, journal, data);
    if (definitions !== undefined) {
      await loadDefinitions(broker, definitions, options.definitionsSkipIfUnchanged === true, log);
    }
    controlSocket = await openDoors(doors, { broker, metrics }, options, log);
    // Only now: who cannot start says one sentence, and no more.
    if (data !== undefined) log.write('journal', 'info', 'recovered', { data, ...recovered });
  } catch (error) {
    logging.unsubscribe();
    await abandon(broker, doors, metrics);
    throw error;
  }
  const monitor = watchMemory(broker, doors.strangers, env.clock, options);
  const reload = new Reload(broker, doors, log, options.users);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    log.write('gateway', 'info', 'draining');
    monitor.stop();
    metrics.stop();
    controlSocket?.close();
    doors.refuse();
    relay?.stop();
    try {
      await broker.stop();
    } catch (err) {
      log.write('journal', 'error', 'not all that is durable is on disk', { err });
      throw err;
    } finally {
      await doors.close();
      log.write('gateway', 'info', 'stopped');
      logging.unsubscribe();
    }
  };
  return {
    broker,
    ports: portsOf(doors),
    listeners: doors.listeners,
    data,
    reload: (changed) => {
      reload.run(changed);
      // Frames are looked at only where the log shows them.
      logging.unsubscribe();
      logging = logBroker(broker, log);
    },
    stop: () => (stopped ??= stop()),
  };
}

/** What stood in the way of a start is what counts, and not what follows from it. */
async function abandon(broker: Broker, doors: Doors, metrics: Metrics): Promise<void> {
  metrics.stop();
  await doors.close();
  await broker.stop().catch(() => {});
}

/** Doors to the broker, or to whoever relays. */
function doorsTo(
  { serve, pool }: Pick<Relay, 'serve' | 'pool'>,
  { strangersMax, proxyProtocolFrom = [] }: GatewayOptions, clock: Clock, log: Log,
): Doors {
  const proxies = proxyProtocolFrom.length === 0
    ? undefined
    : new TrustedProxies(proxyProtocolFrom, clock, log);
  return new Doors(serve, { clock, pool }, log, { strangersMax, proxies });
}

function definitionsOf({ definitions }: GatewayOptions): DefinitionsFile | undefined {
  return definitions === undefined ? undefined : readDefinitionsFile(definitions);
}

/** What cannot be is refused before a directory is locked for it. */
function checkOptions(options: GatewayOptions): void {
  checkVirtualHosts(options.vhosts);
  checkUpstream(options);
}

function checkVirtualHosts(vhosts: readonly string[] = []): void {
  const { size } = new Set(vhosts);
  if (size > limits.vhostsMax) {
    throw new StartError(`${size} virtual hosts are too many: there can be ${limits.vhostsMax}.`);
  }
  const tooLong = vhosts.find((name) => Buffer.byteLength(name) > SHORTSTR_BYTES_MAX);
  if (tooLong === undefined) return;
  throw new StartError(`The name of a virtual host takes ${SHORTSTR_BYTES_MAX} octets at most, ` +
    `and '${tooLong}' takes more.`);
}

/** EXTERNAL means something only where certificates name users. */
function mechanismsOf({ mechanisms, tls }: GatewayOptions): readonly Mechanism[] {
  const byCertificate = tls?.loginFrom !== undefined;
  if (mechanisms === undefined) return byCertificate ? allMechanisms : passwordMechanisms;
  if (byCertificate || !mechanisms.includes('EXTERNAL')) return mechanisms;
  throw new StartError('EXTERNAL needs to know who a certificate names: --tls-login-from says it.');
}

interface BrokerParts extends TransportEnv {
  readonly mechanisms: readonly Mechanism[];
  readonly authenticator: (own: Authenticator) => Authenticator;
  readonly makesGuest: boolean;
  readonly journal: Journal | undefined;
}

function makeBroker(
  options: GatewayOptions, { journal, makesGuest, mechanisms, ...env }: BrokerParts,
): Broker {
  const { users, vhosts, compatibility, immediate, messageBytesMax } = options;
  const { memoryHighWatermark = DEFAULT_MEMORY_HIGH_WATERMARK } = options;
  return new Broker(
    {
      ...env,
      ...(journal !== undefined && { durability: durableIn(journal) }),
      random: Math.random,
    },
    {
      makesGuest,
      mechanisms,
      ...(options.oauth2 && { untunedFrameBytesMax: limits.tokenFrameBytesMax }),
      ...(users !== undefined && { users }),
      ...(vhosts !== undefined && { vhosts }),
      ...(compatibility !== undefined && { compatibility }),
      ...(immediate !== undefined && { immediate }),
      ...(messageBytesMax !== undefined && { messageBytesMax }),
      memoryBytesMax: processMemory().limitBytes * memoryHighWatermark,
      node: `tabmq@${hostname()}`,
      platform: `Node.js ${process.version}`,
      version,
    },
  );
}

/** What strangers take is bounded, and no reason to have publishers wait. */
function watchMemory(
  broker: Broker, strangers: Strangers, clock: Clock, options: GatewayOptions,
): MemoryMonitor {
  const memory = processMemory();
  return new MemoryMonitor({
    clock,
    memory: { ...memory, usedBytes: () => memory.usedBytes() - strangers.bytes },
    highWatermark: options.memoryHighWatermark ?? DEFAULT_MEMORY_HIGH_WATERMARK,
    setAlarm: (on) => broker.setAlarm('memory', on),
  });
}

async function openDoors(
  doors: Doors, { broker, metrics }: { readonly broker: Broker; readonly metrics: Metrics },
  options: GatewayOptions, log: Log,
): Promise<ControlSocket | undefined> {
  const place = (way: WayIn): Place => ({
    hosts: options.hosts ?? DEFAULT_HOSTS,
    hostsMayBeAbsent: options.hosts === undefined,
    port: options.ports?.[way] ?? DEFAULT_PORTS[way],
  });
  const tls = options.tls === undefined ? undefined : readTls(options.tls);
  const origins = new OriginRule(options.allowedOrigins);
  const urls = (): string[] => (
    doors.listeners.filter(({ way }) => way !== 'metrics').map(({ url }) => url));
  const parts = {
    broker, origins, log, listeners: () => doors.listeners, data: options.data,
    certificatesEnd: () => certificatesEnd(options.tls),
  };
  const management = serveManagement(parts);
  const http = {
    answer: metrics.listener(answerHttp({
      version, urls, management, playground: options.playground,
      whyNotReady: () => whyNotReady(doors, broker),
    })),
    webSockets: new WebSocketAcceptor(origins, broker.compatibility.messageBytesMax),
    hosts: new HostRule(options.allowedHosts),
  };
  await doors.open('amqp', tcpServer, place('amqp'));
  await doors.open('http', (accept) => httpServer(http, accept), place('http'));
  await openMetrics(doors, metrics, http.hosts, options, place('metrics'), log);
  if (tls !== undefined) {
    await doors.open('amqps', (accept) => tlsServer(tls, accept), place('amqps'));
    await doors.open('https', (accept) => httpsServer(tls, http, accept), place('https'));
  }
  if (options.data === undefined) return undefined;
  const forOwner = serveManagement({ ...parts, authenticator: ownerLogin });
  return ControlSocket.open(options.data, forOwner, log);
}

/** Why clients should go elsewhere, to probes that ask. */
function whyNotReady({ isRefusing }: Doors, { alarm }: Broker): string | undefined {
  if (isRefusing) return 'The broker is draining: it stops soon.\n';
  return alarm === undefined ? undefined : `Publishers have to wait: ${alarm}.\n`;
}

type Place = Pick<ListenOptions, 'hosts' | 'hostsMayBeAbsent' | 'port'>;

/** A port for metrics alone, where one is wanted. */
async function openMetrics(
  doors: Doors, metrics: Metrics, hosts: HostRule, options: GatewayOptions, place: Place, log: Log,
): Promise<void> {
  if (options.ports?.metrics === undefined) return;
  const answer = metrics.listener((_request, response) => answerNotFound(response));
  const server = (): Server => plainServer({ answer, hosts });
  try {
    await doors.open('metrics', server, place);
  } catch (error) {
    if (options.metricsPortMayBeTaken !== true) throw error;
    const { port } = place;
    log.write('gateway', 'info', 'metrics are on the HTTP port alone: theirs is taken', { port });
  }
}

function portsOf({ listeners }: Doors): GatewayPorts {
  // The hosts of one way in share their port.
  return Object.fromEntries(listeners.map(({ way, port }) => [way, port])) as GatewayPorts;
}
