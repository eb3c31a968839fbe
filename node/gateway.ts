import { hostname } from 'node:os';
import {
  Broker, BufferPool, type BrokerOptions, type Clock, type TransportEnv,
} from '../core/index.ts';
import { logBroker } from './broker-log.ts';
import { Doors, type ListenerInfo, type WayIn } from './doors.ts';
import { nodeClock } from './host-clock.ts';
import { answerHttp } from './http.ts';
import { Log } from './log.ts';
import { MemoryMonitor, processMemory } from './memory-monitor.ts';
import { OriginRule } from './origin.ts';
import { httpServer, httpsServer, tcpServer, tlsServer } from './servers.ts';
import { readTls, type TlsFiles } from './tls.ts';
import { UserList, type User } from './users.ts';
import { version } from './version.ts';
import { WebSocketAcceptor } from './websocket.ts';

/** Port by way in; the two with TLS are there only when a certificate is. */
export type GatewayPorts = { readonly [W in 'amqp' | 'http']: number } & {
  readonly [W in 'amqps' | 'https']?: number;
};

export interface GatewayOptions {
  /** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
  readonly hosts?: readonly string[] | undefined;
  /** 0 picks a free port. Default: 5672, 15672, 5671 and 15671. */
  readonly ports?: { readonly [W in WayIn]?: number | undefined };
  readonly tls?: TlsFiles | undefined;
  /** Who may log in. Default: guest with the password guest. `guest` only from this machine. */
  readonly users?: readonly User[] | undefined;
  /** Default: `/` alone. */
  readonly vhosts?: readonly string[] | undefined;
  /** Pages that may connect, besides those of this host and this machine; `*` for all. */
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly immediate?: BrokerOptions['immediate'] | undefined;
  /** Share of the heap or container limit at which publishers must wait. Default: 0.6. */
  readonly memoryHighWatermark?: number | undefined;
  /** Default: nothing is logged. */
  readonly log?: Log | undefined;
}

/** A broker with its doors open. */
export interface Gateway {
  readonly broker: Broker;
  readonly ports: GatewayPorts;
  readonly listeners: readonly ListenerInfo[];
  /** Stops accepting, closes every connection with 320, and resolves when all are gone. */
  stop(): Promise<void>;
}

const DEFAULT_HOSTS = ['127.0.0.1', '::1'];
const DEFAULT_PORTS: Readonly<Record<WayIn, number>> = {
  amqp: 5672, http: 15_672, amqps: 5671, https: 15_671,
};
const DEFAULT_MEMORY_HIGH_WATERMARK = 0.6;

/** Starts a broker and its listeners. Fails with a StartError that says what is in the way. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const log = options.log ?? new Log({ levels: { all: 'silent' } });
  const env = { clock: nodeClock(), pool: new BufferPool() };
  const broker = makeBroker(options, env);
  const logging = logBroker(broker, log);
  const doors = new Doors(broker.serve, env, log);
  try {
    await openDoors(doors, options);
  } catch (error) {
    await doors.close();
    throw error;
  }
  const monitor = watchMemory(broker, env.clock, options);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    log.write('gateway', 'info', 'draining');
    monitor.stop();
    doors.refuse();
    await broker.stop();
    await doors.close();
    log.write('gateway', 'info', 'stopped');
    logging.unsubscribe();
  };
  return {
    broker,
    ports: portsOf(doors),
    listeners: doors.listeners,
    stop: () => (stopped ??= stop()),
  };
}

function makeBroker(options: GatewayOptions, env: TransportEnv): Broker {
  const { vhosts, immediate, users } = options;
  return new Broker(
    { ...env, random: Math.random, authenticator: new UserList(users) },
    {
      ...(vhosts !== undefined && { vhosts }),
      ...(immediate !== undefined && { immediate }),
      node: `tabmq@${hostname()}`,
      platform: `Node.js ${process.version}`,
      version,
    },
  );
}

function watchMemory(broker: Broker, clock: Clock, options: GatewayOptions): MemoryMonitor {
  return new MemoryMonitor({
    clock,
    memory: processMemory(),
    highWatermark: options.memoryHighWatermark ?? DEFAULT_MEMORY_HIGH_WATERMARK,
    setAlarm: (on) => broker.setAlarm('memory', on),
  });
}

async function openDoors(doors: Doors, options: GatewayOptions): Promise<void> {
  const place = (way: WayIn) => ({
    hosts: options.hosts ?? DEFAULT_HOSTS,
    hostsMayBeAbsent: options.hosts === undefined,
    port: options.ports?.[way] ?? DEFAULT_PORTS[way],
  });
  const tls = options.tls === undefined ? undefined : readTls(options.tls);
  const http = {
    answer: answerHttp(version, () => doors.listeners.map(({ url }) => url)),
    webSockets: new WebSocketAcceptor(new OriginRule(options.allowedOrigins)),
  };
  await doors.open('amqp', tcpServer, place('amqp'));
  await doors.open('http', (accept) => httpServer(http, accept), place('http'));
  if (tls === undefined) return;
  await doors.open('amqps', (accept) => tlsServer(tls, accept), place('amqps'));
  await doors.open('https', (accept) => httpsServer(tls, http, accept), place('https'));
}

function portsOf({ listeners }: Doors): GatewayPorts {
  // The hosts of one way in share their port.
  return Object.fromEntries(listeners.map(({ way, port }) => [way, port])) as GatewayPorts;
}
