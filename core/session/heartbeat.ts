import type { Cancel, Clock } from '../ports.ts';

/** What a heartbeat watches and does. */
export interface HeartbeatTarget {
  /** Chunks received and batches sent so far: any traffic counts. CON-16. */
  readonly received: number;
  readonly sent: number;
  /** Whether the peer is read at all; while it is not, its silence means nothing. */
  readonly input: { readonly reading: boolean };
  sendHeartbeat(): void;
  /** The peer was silent for two whole intervals. */
  onSilence(): void;
}

/**
 * Sends a heartbeat whenever nothing else went out for half an interval, and reports a peer from
 * whom nothing came in two intervals. CON-15. One timer does both.
 */
export function startHeartbeat(clock: Clock, seconds: number, target: HeartbeatTarget): Cancel {
  const halfMs = seconds * 500;
  let { received, sent } = target;
  let silentHalves = 0;
  let cancel: Cancel = () => {};
  const check = (): void => {
    cancel = clock.setTimer(halfMs, check, 'heartbeat');
    const silent = target.input.reading && target.received === received;
    silentHalves = silent ? silentHalves + 1 : 0;
    received = target.received;
    if (silentHalves >= 4) {
      target.onSilence();
      return;
    }
    if (target.sent === sent) target.sendHeartbeat();
    sent = target.sent;
  };
  cancel = clock.setTimer(halfMs, check, 'heartbeat');
  return () => cancel();
}
