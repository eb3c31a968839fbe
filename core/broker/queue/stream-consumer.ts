import type { Subscriber } from 'rxjs';
import { Consumer, type ConsumeOptions } from '../delivery/consumer.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Queue } from './abstract-queue.ts';
import { streamFilter, type StreamFilter } from './stream-filter.ts';
import type { StreamCursor } from './stream-cursor.ts';
import type { StreamRecord } from './stream-record.ts';

/** A consumer that reads a stream at a place of its own. */
export class StreamConsumer extends Consumer {
  readonly cursor: StreamCursor;
  /** What comes next is on its way from the journal. */
  loading = false;
  readonly #filter: StreamFilter | undefined;

  constructor(
    queue: Queue, options: ConsumeOptions, subscriber: Subscriber<Delivery>, cursor: StreamCursor,
  ) {
    super(queue, options, subscriber);
    this.cursor = cursor;
    this.#filter = streamFilter(options.arguments);
  }

  override get ready(): boolean {
    return super.ready && !this.loading && !this.cursor.atEnd;
  }

  wants(record: StreamRecord): boolean {
    return this.#filter === undefined || this.#filter.matches(record);
  }
}
