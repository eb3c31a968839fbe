import { Broker, durableIn, VirtualClock, type Queue, type VirtualHost } from '../core/index.ts';
import { describeDropped, type SegmentJournal } from '../core/storage/index.ts';
import { lockHolder } from './directory-lock.ts';
import { explainJournal, lookAtFiles } from './file-journal.ts';

/** What a look at a data directory found. */
export interface CheckReport {
  /** For people, without line ends. */
  readonly lines: readonly string[];
  readonly damaged: boolean;
}

/**
 * Says what a data directory holds and where it is damaged; changes nothing in it. Throws a
 * StartError where it cannot be read at all.
 */
export async function checkData(path: string): Promise<CheckReport> {
  const journal = await lookAtFiles(path);
  try {
    const inUse = await holderLines(path);
    // In the year in which its clock begins no message that waits has expired.
    const env = { clock: new VirtualClock(0), durability: durableIn(journal) };
    const broker = new Broker(env, { vhosts: [] });
    const { messages } = await broker.recover();
    return {
      lines: [
        ...inUse,
        ...journalLines(path, journal),
        ...[...broker.vhosts.values()].flatMap(vhostLines),
        `${messages} messages in all`,
        ...damageLines(journal),
      ],
      damaged: journal.opened.dropped.length > 0,
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

function journalLines(path: string, { segments, opened: { torn } }: SegmentJournal): string[] {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const lines = [`${path} has ${segments.length} segments with ${bytes} bytes`];
  if (torn !== undefined) {
    lines.push(`A crash cut short ${describeDropped(torn)}: nobody was promised that`);
  }
  return lines;
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

function damageLines({ opened: { dropped } }: SegmentJournal): string[] {
  if (dropped.length === 0) return ['no damage'];
  return [
    ...dropped.map((lost) => `DAMAGED: ${describeDropped(lost)}`),
    'Bring the directory back from a copy, or start with --salvage to keep what is listed here.',
  ];
}
