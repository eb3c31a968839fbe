import { writeFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { Bench } from './bench.ts';
import type { StartBroker } from './broker-process.ts';
import { CannotBench } from './cannot-bench.ts';
import { benchClients } from './clients/bench.ts';
import { clientsAsText } from './clients/report.ts';
import { benchFairness } from './fairness/bench.ts';
import { Generator } from './generator.ts';
import { findRabbitmq, rabbitmqStarter } from './rabbitmq.ts';
import { ceilingStarter, tabmqStarter } from './ready-line.ts';
import * as report from './report.ts';
import { type BrokerName, SCENARIOS } from './scenario.ts';
import { benchTab, tabAsText } from './tab/bench.ts';
import type { PhaseResult } from './verdict.ts';

/** `npm run bench`: see README.md beside this file. */

interface Choices {
  readonly only?: BrokerName;
  readonly scale: number;
  readonly repeat: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly cpuProf?: string;
}

/** The comparison of client libraries, beside the scenarios of brokers. */
const CLIENTS = 'clients';
/** The broker inside a tab of a browser. */
const TAB = 'tab';
/** A bystander beside those who take what they can get; only where it is asked for. */
const FAIRNESS = 'fairness';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function shout(sentence: string): void {
  const bar = '*'.repeat(sentence.length + 6);
  say(`\n${bar}\n** ${sentence} **\n${bar}`);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

function positiveInteger(text: string): number {
  const value = positiveNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It is a whole number.');
  return value;
}

/** The brokers to run: one alone if asked for, else TabMQ beside RabbitMQ where it is installed. */
function chooseBrokers(
  { only, cpuProf }: Choices,
  generator: Generator,
): Map<BrokerName, StartBroker> {
  const brokers = new Map<BrokerName, StartBroker>();
  if (only === 'ceiling') return brokers.set('ceiling', ceilingStarter(generator));
  if (only !== 'rabbitmq') brokers.set('tabmq', tabmqStarter(cpuProf));
  if (only === 'tabmq') return brokers;
  const script = findRabbitmq();
  if (script) return brokers.set('rabbitmq', rabbitmqStarter(script));
  if (only === 'rabbitmq') throw new CannotBench('rabbitmq-server is not installed here.');
  shout('RABBITMQ IS NOT INSTALLED: figures of TabMQ alone, and no floor of a ratio is judged.');
  return brokers;
}

async function tabFigures({ scale, repeat: repeats }: Choices): Promise<string> {
  return tabAsText(await benchTab({ scale, repeats }));
}

async function bench(names: readonly string[], choices: Choices): Promise<void> {
  if (process.platform !== 'linux') {
    throw new CannotBench('The bench reads CPU time and memory from /proc and needs Linux.');
  }
  if (names.length === 1 && names[0] === TAB) return say(await tabFigures(choices));
  const generator = Generator.compile();
  const brokers = chooseBrokers(choices, generator);
  const machine = report.describeMachine();
  const { scale, repeat: repeats } = choices;
  say(`${machine}; scale ${scale}, ${repeats} repeats`);

  const runner = new Bench({ generator, brokers, scale, repeats });
  const phases: PhaseResult[] = [];
  for (const scenario of SCENARIOS) {
    if (names.length > 0 && !names.includes(scenario.name)) continue;
    for (const phase of await runner.run(scenario)) {
      if (Object.keys(phase.medians).length === 0) continue;
      phases.push(phase);
      say(report.phaseAsText(phase));
    }
  }
  const { versions, failures } = runner;
  const clients = names.length > 0 && !names.includes(CLIENTS) ? [] : await benchClients({
    generator, brokers, scale, repeats, failures,
    report: (result) => say(clientsAsText(result)),
  });
  if (names.length === 0 || names.includes(TAB)) say(await tabFigures(choices));
  if (names.includes(FAIRNESS)) {
    await benchFairness({ generator, brokers, scale, failures, report: say });
  }
  const date = new Date().toISOString().slice(0, 10);
  const result = { date, machine, versions, scale, repeats, phases, clients, failures };
  say(report.summaryAsText(result));
  say(`\n${Object.values(versions).join(', ')}`);
  if (choices.json) writeFileSync(choices.json, `${JSON.stringify(result, null, 2)}\n`);
  if (choices.markdown) writeFileSync(choices.markdown, report.reportAsMarkdown(result));
  // A floor that is missed is a figure to read; only a run without figures is a failure.
  if (failures.length > 0) process.exitCode = 1;
}

const scenarios = new Argument('[scenario...]', 'which to run; without any, all').choices([
  ...SCENARIOS.map((scenario) => scenario.name), CLIENTS, TAB, FAIRNESS,
]);
const only = new Option('--only <broker>', 'one broker alone; ceiling is the generator itself');
const scale = new Option('--scale <factor>', 'of the number of messages and connections');

new Command('npm run bench --')
  .description('Measures TabMQ, beside RabbitMQ where that is installed.')
  .addArgument(scenarios)
  .addOption(only.choices(['tabmq', 'rabbitmq', 'ceiling'] satisfies BrokerName[]))
  .addOption(scale.argParser(positiveNumber).default(1))
  .option('--repeat <count>', 'how often each scenario runs', positiveInteger, 3)
  .option('--json <file>', 'write all figures of all runs')
  .option('--markdown <file>', 'write the medians as a Markdown table')
  .option('--cpu-prof <directory>', 'write a CPU profile of each TabMQ that is started')
  .action(bench)
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CannotBench)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  });
