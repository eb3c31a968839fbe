import { formatRatio, HEADINGS } from '../report.ts';
import { CLIENT_NAMES, type ClientResult } from './bench.ts';
import type { ClientName } from './client-process.ts';
import type { ClientFigures } from './counter.ts';

/** How the comparison of clients is shown: figures, and TabMQ's over those of each other client. */

const TITLES: Readonly<Record<ClientName, string>> = {
  tabmq: 'tabmq/client',
  amqplib: 'amqplib',
  cloudamqp: '@cloudamqp/amqp-client',
  rabbitmqClient: 'rabbitmq-client',
};

const METRICS: readonly (readonly [keyof ClientFigures, string, number])[] = [
  ['messagesPerSecond', 'msg/s', 0],
  ['cpuSecondsPerMillion', 'client CPU s per million', 2],
];

export const clientHeadings: readonly string[] = [
  '', ...CLIENT_NAMES.map((client) => TITLES[client]),
];

export function clientRows({ medians }: ClientResult): string[][] {
  return METRICS.flatMap(([metric, title, digits]) => {
    const found = CLIENT_NAMES.map((client) => medians[client]?.[metric]);
    const [ours] = found;
    const figures = found.map((value) => {
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return value?.toLocaleString('en-US', options) ?? '-';
    });
    const ratios = found.slice(1).map((theirs) => {
      return formatRatio(ours === undefined || !theirs ? undefined : ours / theirs);
    });
    return [[title, ...figures], ['  ratio', '', ...ratios]];
  });
}

export function clientsAsText(result: ClientResult): string {
  const lines = [clientHeadings, ...clientRows(result)].map((row) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(26) : cell.padStart(24)));
    return `  ${cells.join('')}`.trimEnd();
  });
  return [`\n${result.name}: ${result.title}, on ${HEADINGS[result.broker]}`, ...lines].join('\n');
}
