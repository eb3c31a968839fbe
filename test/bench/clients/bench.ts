import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import amqplib from 'amqplib';
import { BrokerProcess, type StartBroker } from '../broker-process.ts';
import { CannotBench } from '../cannot-bench.ts';
import { startChild } from '../child-process.ts';
import type { Generator } from '../generator.ts';
import { optionWords, scaled, withRun } from '../measurement.ts';
import { median } from '../metric.ts';
import type { BrokerName } from '../scenario.ts';
import type { ClientName, ClientTask } from './client-process.ts';
import type { ClientFigures } from './counter.ts';
import { CLIENT_SCENARIOS, type ClientScenario } from './scenario.ts';

/** Compares client libraries against one and the same broker, in turn: A B C D, A B C D. */

const PROGRAM = join(import.meta.dirname, 'client-process.ts');
/** The generator's first queue. */
const QUEUE = 'bench.0';
const WARM_UP_SHARE = 0.1;

export const CLIENT_NAMES: readonly ClientName[] = [
  'tabmq', 'amqplib', 'cloudamqp', 'rabbitmqClient',
];

export type ClientMedians = { readonly [C in ClientName]?: ClientFigures };

export interface ClientResult {
  readonly name: string;
  readonly title: string;
  readonly broker: BrokerName;
  readonly runs: { readonly [C in ClientName]?: readonly ClientFigures[] };
  readonly medians: ClientMedians;
}

export interface ClientBenchOptions {
  readonly generator: Generator;
  readonly brokers: ReadonlyMap<BrokerName, StartBroker>;
  readonly scale: number;
  readonly repeats: number;
  readonly failures: string[];
  /** Hears of each result once it is there. */
  readonly report: (result: ClientResult) => void;
}

export async function benchClients(options: ClientBenchOptions): Promise<ClientResult[]> {
  const results: ClientResult[] = [];
  for (const [name, start] of options.brokers) {
    // The generator's own broker invents its messages, which no client can settle.
    if (name === 'ceiling') continue;
    const broker = await BrokerProcess.start(name, start, options.generator);
    try {
      for (const scenario of CLIENT_SCENARIOS) {
        const result = await benchScenario(scenario, broker, options);
        options.report(result);
        results.push(result);
      }
    } finally {
      await broker.stop();
    }
  }
  return results;
}

async function benchScenario(
  scenario: ClientScenario,
  broker: BrokerProcess,
  options: ClientBenchOptions,
): Promise<ClientResult> {
  const runs: { [C in ClientName]?: ClientFigures[] } = {};
  const failed = new Set<ClientName>();
  for (let repeat = 0; repeat < options.repeats; repeat += 1) {
    for (const client of CLIENT_NAMES.filter((name) => !failed.has(name))) {
      try {
        const figures = await runOnce(client, scenario, broker, options);
        (runs[client] ??= []).push(figures);
      } catch (error) {
        if (!(error instanceof CannotBench)) throw error;
        failed.add(client);
        options.failures.push(`${scenario.name} with ${client}: ${error.message}`);
      }
    }
  }
  const medians = Object.fromEntries(
    Object.entries(runs).map(([client, figures]) => [client, medianOf(figures)]),
  );
  const { name, title } = scenario;
  return { name, title, broker: broker.name, runs, medians };
}

function medianOf(runs: readonly ClientFigures[]): ClientFigures {
  return {
    messagesPerSecond: median(runs.map((run) => run.messagesPerSecond)),
    cpuSecondsPerMillion: median(runs.map((run) => run.cpuSecondsPerMillion)),
  };
}

async function runOnce(
  client: ClientName,
  { kind, bodyBytes, window, messages: full }: ClientScenario,
  broker: BrokerProcess,
  { generator, scale }: ClientBenchOptions,
): Promise<ClientFigures> {
  const messages = scaled(full, scale);
  const warmUp = scaled(messages, WARM_UP_SHARE);
  const port = broker.ports.amqp;
  const total = messages + warmUp;
  const consuming = kind === 'consume';
  await fillQueue(generator, port, bodyBytes, consuming ? total : 1);
  if (!consuming) await emptyQueue(port);
  const task: ClientTask = {
    client, port, queue: QUEUE, kind, messages, warmUp, bodyBytes, window,
  };
  const figures = await runClient(task);
  const left = await emptyQueue(port);
  // A client that lost a message, or an acknowledgement, was not quick but wrong.
  const expected = consuming ? 0 : total;
  if (left === expected) return figures;
  throw new CannotBench(`${left} messages were in the queue afterwards, and not ${expected}`);
}

/** Declares the queue and leaves so many messages in it and no others. */
function fillQueue(
  generator: Generator,
  port: number,
  bodyBytes: number,
  messages: number,
): Promise<void> {
  const words = optionWords({ port, messages, bodyBytes, consumers: 0, keep: true });
  return withRun(generator, ['run', ...words], async (run) => {
    await run.nextLine();
    run.goOn();
    await run.nextLine();
    await run.finish();
  });
}

/** How many messages were in the queue. */
async function emptyQueue(port: number): Promise<number> {
  const connection = await amqplib.connect({ hostname: '127.0.0.1', port });
  const channel = await connection.createChannel();
  const { messageCount } = await channel.purgeQueue(QUEUE);
  await connection.close();
  return messageCount;
}

async function runClient(task: ClientTask): Promise<ClientFigures> {
  const words = ['--import', 'tsx', PROGRAM, JSON.stringify(task)];
  const child = await startChild(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
  const [line, complaint, [status]] = await output;
  if (status === 0) return JSON.parse(line) as ClientFigures;
  throw new CannotBench(`its process ended with ${status}: ${complaint.trim()}`);
}
