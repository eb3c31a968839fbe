import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { limits, type Broker } from '../../core/index.ts';
import type { IoCounts, NodeFacts } from '../../core/management/index.ts';
import { version } from '../version.ts';

/** What facts of the process are made of. */
export interface FactSources {
  readonly broker: Broker;
  readonly io: IoCounts;
  readonly logins: NodeFacts['logins'];
  /** Where the data is, or would be. */
  readonly path: string;
  /** Connections of all listeners. */
  readonly socketCount: () => number;
  readonly permanentId: string;
}

/** What the process takes of the machine, and how much it may. */
export function processFacts(sources: FactSources): NodeFacts {
  const { broker, io, logins, permanentId } = sources;
  const uptimeSeconds = process.uptime();
  const maxFiles = maxOpenFiles();
  return {
    io, logins, permanentId, version, uptimeSeconds, maxFiles,
    openFiles: openFiles(),
    openSockets: sources.socketCount(),
    maxSockets: Math.min(maxFiles, broker.options.connectionsMax),
    residentBytes: process.memoryUsage.rss(),
    memoryLimitBytes: broker.options.memoryBytesMax,
    diskFreeBytes: freeBytes(sources.path),
    diskLimitBytes: limits.journalReserveBytes,
    startedAt: Math.round(Date.now() / 1000 - uptimeSeconds),
  };
}

/** Files that are open now; 0 where the system has no such table. */
export function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** How many may be open at once; 0 where the system does not tell. */
export function maxOpenFiles(): number {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
    return soft === undefined ? 0 : Number(soft);
  } catch {
    return 0;
  }
}

/** Room where a path is, in bytes; 0 where there is no such path. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
