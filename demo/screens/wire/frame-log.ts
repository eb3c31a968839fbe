import { Observable } from 'rxjs';
import type { TapBatch } from '../../port/broker-port.ts';
import { Recent, type RecentLimits } from '../../port/recent.ts';
import { MessageThreads } from './message-threads.ts';
import { WireFrame } from './wire-frame.ts';

/** What the list keeps; the oldest go first, a tenth of them at a time. */
export const logLimits: RecentLimits = { items: 100_000, bytes: 128 * 1024 * 1024 };

/** All frames so far, in their order, and the messages that they belong to. */
export interface FrameLog {
  readonly frames: readonly WireFrame[];
  readonly threads: MessageThreads;
  /** Counts what was added, so that a view knows that the same array has grown. */
  readonly version: number;
  /** Events that came too fast to be told. */
  readonly dropped: number;
}

export const emptyLog: FrameLog = {
  frames: [], threads: new MessageThreads(), version: 0, dropped: 0,
};

/** Collects the frames of the tap; the arrays grow in place, as they are long. */
export function frameLog(tap$: Observable<TapBatch>): Observable<FrameLog> {
  return new Observable((log) => {
    let recent = new Recent<WireFrame>(logLimits, ({ bytes }) => bytes.length);
    let threads = new MessageThreads();
    let lastSeq = 0;
    /** The last method frame of a channel and direction, which content frames belong to. */
    const heads = new Map<string, number>();
    let version = 0;
    let dropped = 0;
    /** Another broker began, whose events are counted from the beginning. */
    const forget = (): void => {
      recent = new Recent<WireFrame>(logLimits, ({ bytes }) => bytes.length);
      threads = new MessageThreads();
      heads.clear();
      dropped = 0;
    };
    log.add(tap$.subscribe((batch) => {
      for (const event of batch.events) {
        if (event.seq <= lastSeq) forget();
        lastSeq = event.seq;
        if (event.type === 'frame.in' || event.type === 'frame.out') {
          const place = `${event.type} ${event.connection}/${event.channel}`;
          const frame = new WireFrame(event, heads.get(place));
          heads.set(place, frame.head);
          recent.add(frame);
          threads.addFrame(frame);
        } else {
          threads.addEvent(event);
        }
      }
      dropped += batch.dropped;
      log.next({ frames: recent.items, threads, version: ++version, dropped });
    }));
  });
}
