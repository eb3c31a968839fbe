import { cpus, loadavg, release, totalmem } from 'node:os';
import type { ClientResult } from './clients/bench.ts';
import { METRIC_NAMES, METRICS, type Metric } from './metric.ts';
import type { BrokerName } from './scenario.ts';
import type { FloorVerdict, PhaseResult } from './verdict.ts';

/** How results are shown: as text while the bench runs, as Markdown to keep. */

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly versions: { readonly [B in BrokerName]?: string };
  readonly scale: number;
  readonly repeats: number;
  readonly phases: readonly PhaseResult[];
  readonly clients: readonly ClientResult[];
  /** Runs that gave no figures, one sentence each. */
  readonly failures: readonly string[];
}

export const HEADINGS: Readonly<Record<BrokerName, string>> = {
  tabmq: 'TabMQ',
  rabbitmq: 'RabbitMQ',
  ceiling: 'ceiling',
};

export function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${cpus().length} x ${model}, ${gibibytes} GiB, Linux ${release()}, load ${load}`;
}

function formatFigure(metric: Metric, value: number | undefined): string {
  if (value === undefined) return '-';
  const { digits } = METRICS[metric];
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** 12.3 as `12.3x`, 0.05 as `1/20`: small ratios are easier to judge as the fraction they are. */
export function formatRatio(ratio: number | undefined): string {
  if (ratio === undefined) return '-';
  if (ratio <= 0) return '0';
  return ratio >= 1 ? `${Number(ratio.toFixed(1))}x` : `1/${Number((1 / ratio).toFixed(1))}`;
}

function formatFloor(floor: FloorVerdict): string {
  const asked = floor.of === 'ratio' ? formatRatio(floor.value) : floor.value;
  return `${floor.bound} ${asked}: ${floor.verdict.toUpperCase()}`;
}

function brokersOf(phases: readonly PhaseResult[]): BrokerName[] {
  const names = phases.flatMap((phase) => Object.keys(phase.medians) as BrokerName[]);
  return [...new Set(names)];
}

/** The rows of a phase's table: metric, a figure a broker, ratio, floor. */
function tableRows(phase: PhaseResult, brokers: readonly BrokerName[]): string[][] {
  const measured = METRIC_NAMES.filter((metric) => {
    return brokers.some((broker) => phase.medians[broker]?.[metric] !== undefined);
  });
  return measured.map((metric) => {
    const figures = brokers.map((broker) => formatFigure(metric, phase.medians[broker]?.[metric]));
    const floors = phase.floors.filter((floor) => floor.metric === metric).map(formatFloor);
    const ratio = formatRatio(phase.ratios[metric]);
    return ([METRICS[metric].title] as string[]).concat(figures, ratio, floors.join('; '));
  });
}

function headings(brokers: readonly BrokerName[]): string[] {
  return ['', ...brokers.map((broker) => HEADINGS[broker]), 'ratio', 'floor'];
}

export function phaseAsText(phase: PhaseResult): string {
  const brokers = brokersOf([phase]);
  const rows = [headings(brokers), ...tableRows(phase, brokers)];
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      if (column === 0) return cell.padEnd(26);
      return column === row.length - 1 ? cell : cell.padStart(14);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
  return [`\n${phase.name}: ${phase.title}`, ...lines].join('\n');
}

/** All floors at a glance, and what went wrong. */
export function summaryAsText(report: Report): string {
  const floors = report.phases.flatMap((phase) => {
    return phase.floors.map((floor) => {
      const found =
        floor.of === 'ratio' ? formatRatio(floor.found) : formatFigure(floor.metric, floor.found);
      const what = `${phase.name}, ${METRICS[floor.metric].title}`;
      return `  ${what.padEnd(44)} ${found.padStart(10)}   ${formatFloor(floor)}`;
    });
  });
  const lines = floors.length > 0 ? ['\nFloors', ...floors] : [];
  if (report.scale < 1) {
    lines.push(`\nAT SCALE ${report.scale} the runs are too short to prove or refute a floor.`);
  }
  if (report.failures.length > 0) {
    lines.push('\nFAILED RUNS', ...report.failures.map((failure) => `  ${failure}`));
  }
  return lines.join('\n');
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function reportAsMarkdown(report: Report): string {
  const brokers = brokersOf(report.phases);
  const head = ['scenario', ...headings(brokers)];
  const rows = report.phases.flatMap((phase) => {
    const lines = tableRows(phase, brokers);
    return lines.map((row, index) => [index === 0 ? `**${phase.name}**` : ''].concat(row));
  });
  const versions = Object.values(report.versions).join(', ');
  const runs = `${report.repeats} interleaved repeats at scale ${report.scale}, medians`;
  return [
    `Measured ${report.date} on ${report.machine}; ${versions}; ${runs}.`,
    '',
    markdownRow(head),
    markdownRow(head.map(() => '---')),
    ...rows.map(markdownRow),
    ...report.failures.map((failure) => `\nFailed: ${failure}`),
    '',
  ].join('\n');
}
