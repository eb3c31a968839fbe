/**
 * A scenario is a folder: `topology.json` (Topology), `coach.json` (Coach), `clients/*.js` or
 * `*.ts` (one client a file, named like it), `asserts.ts` (`export default` an Assertions). The
 * gallery shows it, and a test runs it without a page.
 */
import type { ApiResponse, TapEvent, TapType } from '../../core/management/index.ts';
import type { ClientLog, ClientSpec } from '../port/client-host.ts';

/** What is there before the first client starts, in the form of RabbitMQ's definitions. */
export interface Topology {
  readonly exchanges?: readonly ScenarioExchange[];
  readonly queues?: readonly ScenarioQueue[];
  readonly bindings?: readonly ScenarioBinding[];
  /** Clients in the order in which they start. Default: those of `clients/` by name. */
  readonly clients?: readonly { readonly name: string; readonly library: ClientSpec['library'] }[];
  /** Seed of everything that is random. Default: 1. */
  readonly seed?: number;
  /** Virtual milliseconds for one of the wall. Default: 1. */
  readonly speed?: number;
  /** Virtual milliseconds that have passed before it is shown, so that it opens running. */
  readonly warmUpMs?: number;
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

/** An event of the tap with this type and these fields. */
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
  /** Opens the code of the client and marks the line. */
  | { readonly do: 'edit'; readonly client: string; readonly line: number };

export interface CoachStep {
  /** One or two sentences. `code` stands between backticks. */
  readonly say: string;
  /** Asked before the run itself gives the answer. */
  readonly predict?: {
    readonly question: string;
    readonly choices: readonly string[];
    /** Index of the right one. */
    readonly answer: number;
  };
  readonly action?: CoachAction & { readonly label: string };
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
  readonly clients: readonly ClientSpec[];
}

/** A scenario that runs without a page: time moves only when it is told to. */
export interface ScenarioRun {
  /** Everything the tap has shown so far. */
  readonly events: readonly TapEvent[];
  readonly logs: readonly ClientLog[];
  /** Runs until such an event comes; fails when virtual `withinMs` pass without it. */
  until(pattern: EventPattern, withinMs?: number): Promise<TapEvent>;
  advance(milliseconds: number): Promise<void>;
  kill(client: string): Promise<void>;
  restart(client: string): Promise<void>;
  api(path: string): Promise<ApiResponse>;
}

/** Throws where the scenario did not do what its lesson says. */
export type Assertions = (run: ScenarioRun) => Promise<void>;
