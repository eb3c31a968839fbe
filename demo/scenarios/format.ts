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
 * are `a,b`, by name; `>=3` is any number from 3 on. Three fields are no event's own: `key` is the
 * routing key with which the message was published, `client` the client whose connection it is, and
 * `times` says how often it must come.
 */
export interface EventPattern {
  readonly type: TapType;
  readonly [field: string]: string | number | boolean;
}

/** What the coach offers to do for the learner. */
export type CoachAction =
  /** `change`: to the code of the lesson; absent: as the lesson has it. */
  | { readonly do: 'restart'; readonly client: string; readonly change?: CodeChange }
  /** `go-on`: somebody paused it. */
  | { readonly do: 'kill' | 'go-on'; readonly client: string }
  /** `watch`: what happens counts from now on; `again`: the lesson begins anew. */
  | { readonly do: 'pause' | 'resume' | 'next-timer' | 'watch' | 'again' }
  /** A place of the app: `#/wire?conn=2`. */
  | { readonly do: 'open'; readonly route: string }
  /** Opens the code of the client and marks the line; the learner is told to make the change. */
  | { readonly do: 'edit'; readonly client: string; readonly line: number;
      readonly change?: CodeChange };

export type LabelledAction = CoachAction & {
  readonly label: string;
  /** What must be so before it can be done: each in turn is waited for, or brought about. */
  readonly needs?: readonly Need[];
};

/** Something that must be so before a step can happen; one of the first five is there. */
export interface Need {
  /** The client holds a message that it has not acknowledged. */
  readonly holds?: string;
  /** The client was handed a message since it started. */
  readonly handed?: string;
  /** The client is the active consumer of its queue. */
  readonly active?: string;
  /** An event of the first kind came after the last one of the second kind. */
  readonly pending?: readonly [EventPattern, EventPattern];
  /** The queue has so many messages that wait for a consumer: `least`, `most`. */
  readonly queue?: string;
  readonly least?: number;
  readonly most?: number;
  /** Said while it is not so. */
  readonly wait?: string;
  /** What brings it about. Absent: it comes by itself. */
  readonly by?: LabelledAction;
  /** It must stay so until the step is over. */
  readonly stays?: boolean;
  /** The button can be pressed before it is so, and acts as soon as it is. */
  readonly arms?: boolean;
}

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
  /** Outcomes count when these have come, in this order. Absent: once the step is under way. */
  readonly from?: readonly EventPattern[];
  /** Outcomes must be of the message of the first of those, also after it was dead-lettered. */
  readonly follows?: boolean;
}

export interface CoachStep {
  /** One or two sentences. `code` stands between backticks. */
  readonly say: string;
  /** Asked before the run itself gives the answer. */
  readonly predict?: Prediction;
  readonly action: LabelledAction;
  /** What there is to do once that is done. */
  readonly then?: LabelledAction;
  /** Clients that must not run. */
  readonly absent?: readonly string[];
  /** The step is done when this has happened after its actions. Absent: when they are done. */
  readonly until?: EventPattern;
  /** One sentence for when it is done, whatever was predicted. */
  readonly verdict: string;
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
