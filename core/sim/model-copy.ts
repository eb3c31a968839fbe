import type { FieldTable } from '../protocol/types.ts';
import type { ModelChannel } from './model-channel.ts';
import type { ModelQueue } from './model-queue.ts';

/** A message as its publisher sent it. */
export interface ModelMessage {
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: FieldTable;
  readonly body: Uint8Array;
  readonly persistent: boolean;
  readonly priority: number;
  /** Milliseconds; Infinity: it does not expire by itself. */
  readonly expiration: number;
  /** What its publisher was told: it is `confirmed`, `refused`, or, to this day, nothing. */
  fate: 'unconfirmed' | 'confirmed' | 'refused';
  /** A queue that was full did not take it, or perhaps not: it would have expired at once. */
  turnedAway: 'no' | 'perhaps' | 'yes';
}

/** Position in a journal; what is there at or before `durable` survives. */
export type Mark = number;

export const NOT_YET: Mark = Infinity;

/** One message in one queue, from when it came until it can be forgotten. */
export class Copy {
  readonly message: ModelMessage;
  readonly queue: ModelQueue;
  /** It came in this turn, as this one of it; 0: anywhere among those of the turn. */
  readonly turn: number;
  readonly index: number;
  readonly priority: number;
  /** By the clock that never jumps. */
  deadline: number;
  /** How many settings of the wall clock there had been when it came. */
  readonly settings: number;
  /** The copy whose death made this one. */
  readonly source: Copy | undefined;
  /** The transaction that it came by; all of its copies come or none. */
  readonly group: object | undefined;
  /** `dying`: it becomes a dead letter as soon as its bytes are read. */
  state: 'ready' | 'out' | 'dying' | 'gone' = 'ready';
  /** Whether it is ready or gone is the broker's secret, until one looks. */
  doubtful = false;
  redelivered = false;
  /** Each time that it came back: where the journal was at the end of the turn in which it did. */
  returned: Mark[] = [];
  /** The model has not seen how often the broker says that it came back. */
  countUnknown = false;
  readySince: number;
  /** Where the journal was at the end of the turn in which it came, and in which it went. */
  arrived: Mark = NOT_YET;
  settled: Mark = NOT_YET;
  /** Who has it. */
  holder: ModelChannel | undefined;
  consumerTag: string | undefined;

  constructor(queue: ModelQueue, message: ModelMessage, from: {
    turn: number; index: number; now: number; settings: number; source?: Copy | undefined;
    group?: object | undefined;
  }) {
    this.queue = queue;
    this.message = message;
    this.turn = from.turn;
    this.index = from.index;
    this.readySince = from.turn;
    this.settings = from.settings;
    this.source = from.source;
    this.group = from.group;
    this.priority = Math.min(message.priority, queue.maxPriority);
    const own = from.source === undefined ? message.expiration : Infinity;
    this.deadline = from.now + Math.min(own, queue.timeToLive);
  }

  get returns(): number {
    return this.returned.length;
  }

  /** The broker says so, and may know. */
  believe(returns: number): void {
    this.returned = Array.from({ length: returns }, (_, index) => this.returned[index] ?? NOT_YET);
    this.countUnknown = false;
  }

  get name(): string {
    return `${this.message.id} in ${this.queue.name}`;
  }
}

/** Whether `a` must leave its queue before `b`, by priority and then by age. BAS-21, QUE-24. */
export function isBefore(a: Copy, b: Copy): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.turn !== b.turn) return a.turn < b.turn;
  return a.index !== 0 && b.index !== 0 && a.index < b.index;
}
