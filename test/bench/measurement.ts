import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerProcess } from './broker-process.ts';
import type { Generator, GeneratorRun } from './generator.ts';
import type { Figures } from './metric.ts';
import type { Load, Phase } from './scenario.ts';

/** Runs one phase of a scenario against a running broker and takes its figures. */

/** How long idle connections are left alone before memory is read, so that both brokers tidy up. */
const SETTLE_MS = 3000;

/** How long a broker has to give disk space back before it is measured. */
const COMPACT_MS = 5000;

/** What the generator prints of a load. */
type LoadResult = Figures & { readonly messages: number };

export function scaled(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale));
}

/** `{ bodyBytes: 16, durable: true }` as `--body-bytes 16 --durable`. */
export function optionWords(options: Readonly<Record<string, string | number | true>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [option] : [option, String(value)];
  });
}

export async function withRun<T>(
  generator: Generator,
  words: readonly string[],
  use: (run: GeneratorRun) => Promise<T>,
): Promise<T> {
  const run = await generator.start(...words);
  try {
    return await use(run);
  } finally {
    await run.stop();
  }
}

function measureLoad(
  generator: Generator,
  broker: BrokerProcess,
  { load, measuresStore = false }: Extract<Phase, { readonly kind: 'load' }>,
  scale: number,
): Promise<Figures> {
  const port = load.websocket ? broker.ports.http : broker.ports.amqp;
  const messages = scaled(load.messages, scale);
  const words = ['run', ...optionWords({ ...load, messages, port: port ?? 0 })];
  return withRun(generator, words, async (run) => {
    await run.nextLine();
    const cpuBefore = broker.cpuSeconds();
    run.goOn();
    const line = await run.nextLine();
    const cpuSeconds = broker.cpuSeconds() - cpuBefore;
    const residentMiB = broker.residentKiB() / 1024;
    const { messages: done, ...figures }: LoadResult = JSON.parse(line);
    const store = measuresStore ? await measureStore(broker, load, done) : {};
    await run.finish();
    return { ...figures, cpuSecondsPerMillion: (cpuSeconds * 1e6) / done, residentMiB, ...store };
  });
}

async function measureStore(
  broker: BrokerProcess, { keep }: Load, messages: number,
): Promise<Figures> {
  await pause(COMPACT_MS);
  const bytes = broker.storeBytes();
  const storeMiB = bytes / 2 ** 20;
  // Only while all that was published is there does it mean something.
  return keep ? { storeMiB, storeBytesPerMessage: bytes / messages } : { storeMiB };
}

function measureIdle(
  generator: Generator,
  broker: BrokerProcess,
  connections: number,
): Promise<Figures> {
  const words = ['idle', ...optionWords({ connections, port: broker.ports.amqp })];
  return withRun(generator, words, async (run) => {
    await run.nextLine();
    const before = broker.residentKiB();
    run.goOn();
    await run.nextLine();
    await pause(SETTLE_MS);
    const resident = broker.residentKiB();
    await run.finish();
    return {
      residentKiBPerConnection: (resident - before) / connections,
      residentMiB: resident / 1024,
    };
  });
}

export async function measure(
  generator: Generator,
  broker: BrokerProcess,
  phase: Phase,
  scale: number,
): Promise<Figures> {
  switch (phase.kind) {
    case 'load':
      return measureLoad(generator, broker, phase, scale);
    case 'idle':
      return measureIdle(generator, broker, scaled(phase.connections, scale));
    case 'launch':
    case 'restart': {
      const { openSeconds, openCpuSeconds } = broker;
      return { openSeconds, openCpuSeconds, residentMiB: broker.residentKiB() / 1024 };
    }
  }
}
