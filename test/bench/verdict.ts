import { type Figures, medians, type Metric, METRIC_NAMES } from './metric.ts';
import type { BrokerName, Floor, Phase } from './scenario.ts';

/** What came out of a phase: the runs of each broker, their medians, the ratios and the floors. */

export type Runs = { readonly [B in BrokerName]?: readonly Figures[] };

export interface FloorVerdict extends Floor {
  /** Absent where there was nothing to compare with, and then nothing is judged. */
  readonly found?: number;
  readonly verdict: 'met' | 'not met' | 'not judged';
}

export interface PhaseResult {
  readonly name: string;
  readonly title: string;
  readonly runs: Runs;
  readonly medians: { readonly [B in BrokerName]?: Figures };
  /** TabMQ's median over RabbitMQ's. */
  readonly ratios: Figures;
  readonly floors: readonly FloorVerdict[];
}

function ratiosOf(tabmq: Figures = {}, rabbitmq: Figures = {}): Figures {
  const ratios: { [M in Metric]?: number } = {};
  for (const metric of METRIC_NAMES) {
    const [ours, theirs] = [tabmq[metric], rabbitmq[metric]];
    if (ours !== undefined && theirs) ratios[metric] = ours / theirs;
  }
  return ratios;
}

function judge(floor: Floor, found: number | undefined): FloorVerdict {
  if (found === undefined) return { ...floor, verdict: 'not judged' };
  const met = floor.bound === 'at least' ? found >= floor.value : found <= floor.value;
  return { ...floor, found, verdict: met ? 'met' : 'not met' };
}

export function conclude(phase: Phase, runs: Runs): PhaseResult {
  const ofBroker: { [B in BrokerName]?: Figures } = {};
  for (const [broker, figures] of Object.entries(runs)) {
    if (figures.length > 0) ofBroker[broker as BrokerName] = medians(figures);
  }
  const ratios = ratiosOf(ofBroker.tabmq, ofBroker.rabbitmq);
  const floors = (phase.floors ?? []).map((floor) => {
    const figures = floor.of === 'ratio' ? ratios : (ofBroker.tabmq ?? {});
    return judge(floor, figures[floor.metric]);
  });
  return { name: phase.name, title: phase.title, runs, medians: ofBroker, ratios, floors };
}
