import { BrokerProcess, type StartBroker } from './broker-process.ts';
import { CannotBench } from './cannot-bench.ts';
import type { Generator } from './generator.ts';
import { measure } from './measurement.ts';
import type { Figures } from './metric.ts';
import type { BrokerName, Phase, Scenario } from './scenario.ts';
import { conclude, type PhaseResult } from './verdict.ts';

/** Runs scenarios against several brokers in turn, so that all meet the same machine. */

export interface BenchOptions {
  readonly generator: Generator;
  readonly brokers: ReadonlyMap<BrokerName, StartBroker>;
  readonly scale: number;
  readonly repeats: number;
}

export class Bench {
  readonly versions: { [B in BrokerName]?: string } = {};
  readonly failures: string[] = [];
  readonly #options: BenchOptions;
  readonly #running = new Map<BrokerName, BrokerProcess>();

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  /** All repeats of a scenario: A B, A B, A B. */
  async run(scenario: Scenario): Promise<PhaseResult[]> {
    const brokers = [...this.#options.brokers.keys()].filter((name) => {
      return scenario.brokers?.includes(name) ?? true;
    });
    const runs = scenario.phases.map(() => new Map(brokers.map((name) => [name, [] as Figures[]])));
    const failed = new Set<BrokerName>();
    try {
      for (let repeat = 0; repeat < this.#options.repeats; repeat += 1) {
        for (const name of brokers.filter((broker) => !failed.has(broker))) {
          const figures = await this.#runOnce(scenario, name);
          if (!figures) failed.add(name);
          figures?.forEach((each, index) => runs[index]?.get(name)?.push(each));
        }
      }
    } finally {
      for (const name of brokers) await this.#stop(name);
    }
    return scenario.phases.map((phase, index) => {
      return conclude(phase, Object.fromEntries(runs[index] ?? []));
    });
  }

  /** The figures of each phase, or undefined after a failure, which ends the scenario for it. */
  async #runOnce(scenario: Scenario, name: BrokerName): Promise<Figures[] | undefined> {
    const { generator, scale } = this.#options;
    try {
      if (scenario.freshBroker) await this.#stop(name);
      const isNew = !this.#running.has(name);
      let broker = await this.#broker(name);
      if (isNew && scenario.warmUp) {
        const warmUp = { name: scenario.name, title: 'warm-up', kind: 'load' } as const;
        await measure(generator, broker, { ...warmUp, load: scenario.warmUp }, scale);
      }
      const figures: Figures[] = [];
      for (const phase of scenario.phases) {
        if (phase.kind === 'restart') {
          broker = await broker.restart(phase.signal);
          this.#running.set(name, broker);
        }
        const measured = await measure(generator, broker, phase, scale);
        figures.push({ ...measured, ...shareOfShort(scenario, phase, figures, measured) });
      }
      return figures;
    } catch (error) {
      if (!(error instanceof CannotBench)) throw error;
      this.failures.push(`${scenario.name} on ${name}: ${error.message}`);
      return undefined;
    }
  }

  async #broker(name: BrokerName): Promise<BrokerProcess> {
    const running = this.#running.get(name);
    if (running) return running;
    const start = this.#options.brokers.get(name);
    if (!start) throw new TypeError(`no way to start ${name}`);
    const broker = await BrokerProcess.start(name, start, this.#options.generator);
    this.versions[name] = broker.version;
    this.#running.set(name, broker);
    return broker;
  }

  async #stop(name: BrokerName): Promise<void> {
    await this.#running.get(name)?.stop();
    this.#running.delete(name);
  }
}

/** How fast a long queue is compared with the short one, where the phase asks for that. */
function shareOfShort(
  { phases }: Scenario, phase: Phase, earlier: readonly Figures[], { deliveredPerSecond }: Figures,
): Figures {
  if (phase.kind !== 'load' || phase.shortPhase === undefined) return {};
  const short = earlier[phases.findIndex(({ name }) => name === phase.shortPhase)];
  const shortRate = short?.deliveredPerSecond;
  if (shortRate === undefined || deliveredPerSecond === undefined) return {};
  return { shareOfShort: deliveredPerSecond / shortRate };
}
