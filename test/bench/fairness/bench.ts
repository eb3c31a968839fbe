import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BrokerProcess, type StartBroker } from '../broker-process.ts';
import { CannotBench } from '../cannot-bench.ts';
import { endChild, startChild } from '../child-process.ts';
import type { Generator } from '../generator.ts';
import { formatRatio } from '../report.ts';
import type { BrokerName } from '../scenario.ts';
import { PROBES, watchBystander, type Probe, type Waits } from './bystander.ts';
import { LOADS, type LoadName, type LoadTask } from './loads.ts';

/** A bystander beside those who take what they can get, on each broker in turn. */

const PROGRAM = join(import.meta.dirname, 'load.ts');
const DURATION_MS = 8000;
/** A load that cannot even be prepared in that time is given up. */
const PREPARE_MS = 180_000;

interface FairnessOptions {
  readonly generator: Generator;
  readonly brokers: ReadonlyMap<BrokerName, StartBroker>;
  readonly scale: number;
  readonly failures: string[];
  readonly report: (text: string) => void;
}

/** In milliseconds. */
interface Wait {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

type Row = { readonly [B in BrokerName]?: { readonly [P in Probe]?: Wait } };

/** One table a load, as each is over. */
export async function benchFairness(options: FairnessOptions): Promise<void> {
  for (const load of Object.keys(LOADS) as LoadName[]) {
    const row: { [B in BrokerName]?: { readonly [P in Probe]?: Wait } } = {};
    for (const [name, start] of options.brokers) {
      try {
        row[name] = await runOnce(load, name, start, options);
      } catch (error) {
        if (!(error instanceof CannotBench)) throw error;
        options.failures.push(`fairness, ${load} on ${name}: ${error.message}`);
      }
    }
    options.report(rowAsText(load, row));
  }
}

async function runOnce(
  load: LoadName, name: BrokerName, start: StartBroker, { generator, scale }: FairnessOptions,
): Promise<{ readonly [P in Probe]?: Wait }> {
  const broker = await BrokerProcess.start(name, start, generator);
  const { amqp, http } = broker.ports;
  const task: LoadTask = { load, amqp, http, scale };
  const words = ['--import', 'tsx', PROGRAM, JSON.stringify(task)];
  const child = await startChild(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin!.on('error', () => undefined);
  try {
    const lines = createInterface(child.stdout!);
    const prepared = once(lines, 'line').then(() => true);
    const failed = once(child, 'exit').then(() => false);
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, PREPARE_MS, false).unref());
    if (!await Promise.race([prepared, failed, late])) {
      throw new CannotBench('the load could not be prepared');
    }
    const waits = await watchBystander({ amqp, http }, DURATION_MS, () => child.stdin!.write('\n'));
    return Object.fromEntries(PROBES.flatMap((probe) => {
      return waits[probe].length === 0 ? [] : [[probe, waitOf(waits[probe])]];
    }));
  } finally {
    await endChild(child, 'SIGKILL');
    await broker.stop();
  }
}

function waitOf(all: Waits[Probe]): Wait {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function rowAsText(load: LoadName, row: Row): string {
  const shown = (wait: Wait | undefined): string => wait === undefined
    ? '-'
    : [wait.p50, wait.p99, wait.max].map((ms) => ms.toFixed(1)).join(' / ');
  const lines = PROBES.map((probe) => {
    const [ours, theirs] = [row.tabmq?.[probe], row.rabbitmq?.[probe]];
    const ratio = ours && theirs ? formatRatio(ours.p99 / theirs.p99) : '-';
    return `  ${probe.padEnd(10)}${shown(ours).padStart(28)}${shown(theirs).padStart(28)}${ratio.padStart(10)}`;
  });
  const head = `  ${'ms'.padEnd(10)}${'TabMQ p50 / p99 / max'.padStart(28)}` +
    `${'RabbitMQ'.padStart(28)}${'p99'.padStart(10)}`;
  return [`\nfairness, ${load}: ${LOADS[load]}`, head, ...lines].join('\n');
}
