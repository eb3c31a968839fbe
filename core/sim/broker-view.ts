/** A message as the broker says that it holds it. */
export interface Seen {
  readonly id: string;
  readonly redelivered: boolean;
  /** How often it came back. */
  readonly returns: number;
  readonly deadline: number;
}

/** A stream as the broker shows it. */
export interface SeenStream {
  /** Offset of the oldest record, and of the next one to come. */
  readonly first: number;
  readonly next: number;
  /** What all records take. */
  readonly bytes: number;
  /** Deliveries that are out. */
  readonly unacked: number;
}

/** What the broker shows of itself between turns. */
export interface BrokerView {
  /** Whether all bindings of the plan that lead there are there. */
  isBound(queue: string): boolean;
  readyCount(queue: string): number;
  /** What the bodies of those have. */
  readyBytes(queue: string): number;
  unackedCount(queue: string): number;
  ready(queue: string): readonly Seen[];
  /** Tells a durable queue from others that had its name; undefined: there is none. */
  numberOf(queue: string): number | undefined;
  /** Undefined: there is none. */
  readonly stream: SeenStream | undefined;
  /** How far the journal is written, and how far that is durable. */
  readonly written: number;
  readonly durable: number;
  /** The journal was in trouble: confirms may be refused. */
  readonly troubled: boolean;
  /** Nothing more will be durable. */
  readonly failed: boolean;
}
