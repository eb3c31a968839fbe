import { Broker, durableIn, VirtualClock, type Queue, type VirtualHost } from '../core/index.ts';
import { describeDropped, type SegmentJournal } from '../core/storage/index.ts';
import { lockHolder } from './directory-lock.ts';
import { explainJournal, lookAtFiles } from './file-journal.ts';

/** How often a directory that is in use is looked at until the same is damaged twice. */
const LOOKS_MAX = 10;

/** What a look at a data directory found. */
export interface CheckReport {
  /** For people, without line ends. */
  readonly lines: readonly string[];
  readonly damages: readonly string[];
}

/**
 * Says what a data directory holds and where it is damaged; changes nothing in it. Throws a
 * StartError where it cannot be read at all.
 */
export async function checkData(path: string): Promise<CheckReport> {
  let report = await look(path);
  for (let looks = 1; looks < LOOKS_MAX && report.damages.length > 0; looks++) {
    if ((await lockHolder(path)) === undefined) break;
    // What is written while it is read may look damaged for once; what is damaged stays so.
    const before = report.damages.join();
    report = await look(path);
    if (report.damages.join() === before) break;
  }
  return report;
}

async function look(path: string): Promise<CheckReport> {
  const journal = await lookAtFiles(path);
  try {
    const inUse = await holderLines(path);
    const files = journalLines(path, journal);
    // In the year in which its clock begins no message that waits has expired.
    const env = { clock: new VirtualClock(0), durability: durableIn(journal) };
    const broker = new Broker(env, { vhosts: [] });
    const damages = journal.opened.dropped.map(describeDropped);
    const { messages } = await broker.recover({ salvaged: damages.length > 0 });
    return {
      lines: [
        ...inUse,
        ...files,
        ...(inUse.length === 0 ? tornLines(journal) : []),
        ...[...broker.vhosts.values()].flatMap(vhostLines),
        `${messages} messages in all`,
        ...damageLines(damages),
      ],
      damages,
    };
  } catch (error) {
    throw explainJournal(path, error);
  } finally {
    await journal.close();
  }
}

async function holderLines(path: string): Promise<string[]> {
  const pid = await lockHolder(path);
  if (pid === undefined) return [];
  return [`${path} is in use by process ${pid}: what it writes now may be missing here`];
}

function journalLines(path: string, { segments }: SegmentJournal): string[] {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  return [`${path} has ${segments.length} segments with ${bytes} bytes`];
}

/** While it is in use there is always something that is half written. */
function tornLines({ opened: { torn } }: SegmentJournal): string[] {
  if (torn === undefined) return [];
  return [`A crash cut short ${describeDropped(torn)}: nobody was promised that`];
}

function vhostLines({ name, exchanges, queues }: VirtualHost): string[] {
  const own = [...exchanges.values()].filter((exchange) => {
    return exchange.bindingCount > 0 || !/^(amq\..*)?$/.test(exchange.name);
  });
  return [
    `virtual host ${name}`,
    ...own.map((exchange) => {
      return `  exchange ${exchange.name}: ${exchange.options.type}, ` +
        `${exchange.bindingCount} bindings`;
    }),
    ...[...queues.values()].map(queueLine),
  ];
}

function queueLine(queue: Queue): string {
  const { name, settings, readyCount, readyBytes } = queue;
  const noun = settings.type === 'stream' ? 'stream' : 'queue';
  return `  ${noun} ${name}: ${readyCount} messages, ${readyBytes} bytes`;
}

function damageLines(damages: readonly string[]): string[] {
  if (damages.length === 0) return ['no damage'];
  return [
    ...damages.map((damage) => `DAMAGED: ${damage}`),
    'Bring the directory back from a copy, or start with --salvage to keep what is listed here.',
  ];
}
