import { readdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
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
export async function processFacts(sources: FactSources): Promise<NodeFacts> {
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
    diskFreeBytes: await freeBytes(sources.path),
    diskLimitBytes: limits.journalReserveBytes,
    startedAt: Math.round(Date.now() / 1000 - uptimeSeconds),
  };
}

/** Where the system has no such table, nothing is known. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function maxOpenFiles(): number {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
    return soft === undefined ? 0 : Number(soft);
  } catch {
    return 0;
  }
}

async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
