/**
 * A scenario is a folder: `topology.json` (Topology), `coach.json` (Coach), `clients/*.js` or
 * `*.ts` (one client a file, named like it), `asserts.ts` (`export default` an Assertions). The
 * gallery shows it, and a test runs it without a page.
 */
import type { TapType } from '../../core/management/index.ts';
import type { ClientSpec } from '../port/client-host.ts';
import type { RecordedInput } from '../port/recording.ts';

/** What is there before the first client starts, in the form of RabbitMQ's definitions. */
export interface Topology {
  /** Beside `/`, which is always there. */
  readonly vhosts?: readonly { readonly name: string }[];
  readonly exchanges?: readonly ScenarioExchange[];
  readonly queues?: readonly ScenarioQueue[];
  readonly bindings?: readonly ScenarioBinding[];
  /** Clients in the order in which they start. Default: those of `clients/` by name. */
  readonly clients?: readonly ScenarioClient[];
  /** Seed of everything that is random. Default: 1. */
  readonly seed?: number;
  /** Virtual milliseconds for one of the wall. Default: 1. */
  readonly speed?: number;
  /** Virtual milliseconds that have passed before it is shown, so that it opens running. */
  readonly warmUpMs?: number;
}

export interface ScenarioClient {
  readonly name: string;
  readonly library: ClientSpec['library'];
  /** It is not there until the coach starts it, so that its first message can be predicted. */
  readonly later?: boolean;
}

export interface ScenarioExchange {
  readonly name: string;
  readonly type: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface ScenarioQueue {
  readonly name: string;
  readonly durable?: boolean;
  readonly auto_delete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface ScenarioBinding {
  readonly source: string;
  readonly destination: string;
  readonly destination_type?: 'queue' | 'exchange';
  readonly routing_key?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/**
 * An event of the tap with this type and these fields, each compared as text: several destinations
 * are `a,b`, by name. The field `key` stands for the routing key with which the message was
 * published.
 */
export interface EventPattern {
  readonly type: TapType;
  readonly [field: string]: string | number | boolean;
}

/** What the coach offers to do for the learner. */
export type CoachAction =
  | { readonly do: 'kill' | 'restart'; readonly client: string }
  | { readonly do: 'pause' | 'resume' | 'step' | 'next-timer' }
  /** A place of the app: `#/wire?conn=2`. */
  | { readonly do: 'open'; readonly route: string }
  /** Opens the code of the client and marks the line; the learner is told to make the change. */
  | { readonly do: 'edit'; readonly client: string; readonly line: number;
      readonly change?: CodeChange };

export type LabelledAction = CoachAction & { readonly label: string };

/** A text that stands once in the code of a client, and what takes its place. */
export interface CodeChange {
  readonly from: string;
  readonly to: string;
}

export interface Prediction {
  readonly question: string;
  readonly choices: readonly string[];
  /** Index of the right one, as the run of the test finds it. */
  readonly answer: number;
  /**
   * What shows that a choice is what happens, one for each: the first that is seen is the answer
   * of the run. null: nothing shows it.
   */
  readonly outcomes?: readonly (EventPattern | null)[];
  /** Outcomes count when these have come, in this order. Absent: as soon as it is asked. */
  readonly from?: readonly EventPattern[];
}

export interface CoachStep {
  /** One or two sentences. `code` stands between backticks. */
  readonly say: string;
  /** Asked before the run itself gives the answer. */
  readonly predict?: Prediction;
  readonly action?: LabelledAction;
  /** What there is to do once that is done. */
  readonly then?: LabelledAction;
  /** The step is done when this happens. Absent: when the learner says so. */
  readonly until?: EventPattern;
}

export interface Coach {
  readonly title: string;
  /** Place in the gallery, from 1. */
  readonly number: number;
  /** One sentence for its card. */
  readonly summary: string;
  readonly steps: readonly CoachStep[];
}

/** A scenario as it was loaded. */
export interface Scenario {
  /** The name of its folder. */
  readonly name: string;
  readonly topology: Topology;
  readonly coach: Coach;
  readonly clients: readonly (ClientSpec & { readonly later: boolean })[];
  /** What was recorded of an earlier run, to happen once more. Default: nothing. */
  readonly inputs?: readonly RecordedInput[];
}

/**
 * A scenario that runs without a page, on any broker: so that what a lesson says can be held
 * against each, it tells of the broker only what clients saw.
 */
export interface ScenarioRun {
  /**
   * Waits until the client has written a line with this text to its console, after the line that
   * was asked for last, and resolves with it; fails when it does not come.
   */
  said(client: string, text: string): Promise<string>;
  /** Starts the client; crashes it first where it is running. */
  start(client: string, change?: CodeChange): Promise<void>;
  /** Ends it without a word to the broker, which has noticed when this resolves. */
  kill(client: string): Promise<void>;
}

/** Throws where the scenario did not do what its lesson says. */
export type Assertions = (run: ScenarioRun) => Promise<void>;
