import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { Slot } from '../message/address.ts';
import type { Definitions } from './definitions.ts';
import type { Destinations } from './destinations.ts';
import type { DurableLog } from './durable-log.ts';
import type { LiveMessages } from './live-messages.ts';
import { encodeCheckpoint, type CheckpointMessage, type Changed } from './records.ts';
import type { DurableStreams } from './streams.ts';

/** What a checkpoint is of. */
interface CheckpointedLog extends DurableLog {
  readonly live: LiveMessages;
  readonly streams: DurableStreams;
  readonly definitions: Definitions;
  readonly destinations: Destinations;
}

/**
 * Writes at the beginning of each segment what is left of the one before: all definitions, its
 * messages that are not settled, without their bytes, where its chunks of streams are, and what it
 * says of messages in earlier segments. Each checkpoint names those before it. So a recovery
 * reads the checkpoints and the last segment, and no history; and no checkpoint is larger than its
 * segment, however much waits.
 */
export class Checkpoint {
  /** Those that there are, oldest first. */
  all: readonly Lsn[] = [];
  /** The first segment that none stands for. */
  fromSegment = 0;
  readonly #log: CheckpointedLog;
  #settled: number[] = [];
  #changed: Changed[] = [];
  #crashed: Lsn = 0;

  constructor(log: CheckpointedLog) {
    this.#log = log;
  }

  /** Records were written, the first of them here: perhaps they are the first of a segment. */
  written(first: Lsn): void {
    const number = segmentNumberOf(first);
    if (number > this.fromSegment) this.#write(number);
  }

  /** A record about a message was written, maybe in a later segment than that message. */
  settled(destination: number, message: Lsn): void {
    if (this.#isEarlier(message)) this.#settled.push(destination, message);
  }

  changed(changed: Changed): void {
    if (this.#isEarlier(changed.message)) this.#changed.push(changed);
  }

  /** The broker was started here after it had not stopped in good order. */
  crashed(lsn: Lsn): void {
    this.#crashed = lsn;
  }

  #isEarlier(message: Lsn): boolean {
    return segmentNumberOf(message) < this.fromSegment;
  }

  #write(beforeSegment: number): void {
    const { fromSegment } = this;
    const log = this.#log;
    const { journal, live, streams, definitions, destinations } = log;
    const slots = live.between(fromSegment, beforeSegment);
    const first = journal.segments[0]!.number;
    const earlier = this.all.filter((lsn) => segmentNumberOf(lsn) >= first);
    const lsn = journal.append(encodeCheckpoint({
      earlier,
      fromSegment,
      beforeSegment,
      lastNumber: destinations.lastNumber,
      definitions: definitions.all,
      settled: this.#settled,
      changed: this.#changed,
      crashed: this.#crashed,
      chunks: streams.between(fromSegment, beforeSegment),
      messages: this.#messagesOf(slots),
    }));
    this.all = [...earlier, lsn];
    this.fromSegment = beforeSegment;
    this.#settled = [];
    this.#changed = [];
    this.#crashed = 0;
  }

  /** One after the other: there may be many. */
  *#messagesOf(slots: readonly Slot[]): Generator<CheckpointMessage> {
    const { table } = this.#log;
    for (const slot of slots) {
      const head = this.#log.headOf(slot);
      yield { lsn: table.lsn(slot), tailBytes: table.tailBytes(slot), head };
    }
  }
}
