import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { IncomingMessage, RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { limits, type Authenticator, type Broker } from '../core/index.ts';
import { management, type ListenerFacts, type World } from '../core/management/index.ts';
import { compressed } from './compressed.ts';
import type { ListenerInfo, WayIn } from './doors.ts';
import type { Log } from './log.ts';
import { processMemory } from './memory-monitor.ts';
import { freeBytes, maxOpenFiles, openFiles } from './metrics/process-facts.ts';
import type { OriginRule } from './origin.ts';
import { peerOf } from './tcp.ts';

/** What the management API needs of the gateway. */
export interface ManagementParts {
  readonly broker: Broker;
  readonly origins: OriginRule;
  readonly log: Pick<Log, 'write'> & { readonly line$?: Log['line$'] };
  /** Who may come in. Default: whoever the broker lets in. */
  readonly authenticator?: Authenticator;
  readonly listeners: () => readonly ListenerInfo[];
  /** Directory that keeps what is durable. */
  readonly data?: string | undefined;
  /** Wall-clock times in milliseconds at which certificates end, by the file. */
  readonly certificatesEnd?: () => ReadonlyMap<string, number>;
}

/** RabbitMQ's names of what is spoken at each way in. */
const protocols: Readonly<Record<WayIn, string>> = {
  amqp: 'amqp', amqps: 'amqp/ssl', http: 'http', https: 'https', metrics: 'http/prometheus',
};

/** Answers the requests below `/api`. */
export function serveManagement(parts: ManagementParts): RequestListener {
  const { fetch } = management(parts.broker, worldOf(parts));
  const listener = getRequestListener(async (request, env) => {
    const { socket } = (env as { readonly incoming: IncomingMessage }).incoming;
    return compressed(request, await fetch(request, peerOf(socket, 'tcp')));
  }, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}

function worldOf(parts: ManagementParts): Partial<World> {
  const { broker, origins, log, data, listeners, certificatesEnd, authenticator } = parts;
  const { limitBytes } = processMemory();
  return {
    breathe: () => new Promise((resolve) => {
      setImmediate(resolve);
    }),
    listeners: () => listeners().map(factsOf),
    process: () => ({
      pid: process.pid,
      uptimeMs: Math.floor(process.uptime() * 1000),
      processors: availableParallelism(),
      memoryUsedBytes: process.memoryUsage.rss(),
      memoryLimitBytes: Math.min(limitBytes, broker.options.memoryBytesMax),
      socketsOpen: broker.connectionCount,
      filesOpen: openFiles(),
      filesMax: maxOpenFiles(),
      ...(data !== undefined && {
        dataDirectory: data,
        diskFreeBytes: freeBytes(data),
        diskFreeLimitBytes: limits.journalReserveBytes,
      }),
    }),
    ...(certificatesEnd !== undefined && { certificatesEnd }),
    ...(authenticator !== undefined && { authenticator }),
    allowsOrigin: (origin) => origins.allows(origin, undefined),
    sharesWith: (origin) => origins.lists(origin),
    log$: log.line$,
    secret: () => randomBytes(32).toString('base64url'),
    onFault: (path, err) => log.write('gateway', 'error', 'a request failed', { path, err }),
  };
}

function factsOf({ way, host, port }: ListenerInfo): ListenerFacts {
  return { protocol: protocols[way], address: host, port };
}
