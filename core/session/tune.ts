import { AmqpError } from '../errors.ts';
import { wireLimits } from '../protocol/limits.ts';

/** What connection.tune and tune-ok carry; 0 stands for no limit, and for no heartbeats. */
export interface Tuning {
  readonly channelMax: number;
  /** Bytes, frame overhead included. */
  readonly frameMax: number;
  /** Seconds. */
  readonly heartbeat: number;
}

/** What a client answers: the smaller of both, where 0 is no limit. CON-13. */
export function negotiate(offered: Tuning, wanted: Tuning): Tuning {
  return {
    channelMax: smaller(offered.channelMax, wanted.channelMax),
    frameMax: smaller(offered.frameMax, wanted.frameMax),
    heartbeat: smaller(offered.heartbeat, wanted.heartbeat),
  };
}

function smaller(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}

/** Checks a client's tune-ok against what the server offered; otherwise 530. CON-14. */
export function checkTuneOk(offered: Tuning, answered: Tuning): void {
  checkMaximum('frame_max', offered.frameMax, answered.frameMax, wireLimits.frameBytesMin);
  checkMaximum('channel_max', offered.channelMax, answered.channelMax, 1);
}

function checkMaximum(name: string, offered: number, answered: number, min: number): void {
  if (answered !== 0 && answered < min) {
    throw new AmqpError('NOT_ALLOWED', `negotiated ${name} = ${answered} is lower than the ` +
      `minimum allowed value (${min})`);
  }
  if (offered !== 0 && (answered === 0 || answered > offered)) {
    throw new AmqpError('NOT_ALLOWED', `negotiated ${name} = ${answered} is higher than the ` +
      `maximum allowed value (${offered})`);
  }
}
