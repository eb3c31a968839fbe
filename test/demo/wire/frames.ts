/** Frames of the wire inspector, made by a real broker. */
import { Subject } from 'rxjs';
import { tapOf } from '../../../core/management/index.ts';
import type { TapBatch } from '../../../demo/port/broker-port.ts';
import { emptyLog, frameLog, type FrameLog } from '../../../demo/screens/wire/frame-log.ts';
import type { Fixture } from '../../support/fixture.ts';

/** All that the inspector has collected of a broker so far. */
export function inspect({ broker }: Fixture): () => FrameLog {
  const batches$ = new Subject<TapBatch>();
  let log = emptyLog;
  frameLog(batches$).subscribe((next) => (log = next));
  tapOf(broker).subscribe((event) => batches$.next({ events: [event], counts: [], dropped: 0 }));
  return () => log;
}
