import type { Block } from '../protocol/bytes.ts';
import type { Method } from '../session/hooks.ts';

/**
 * What one client may do. Each check passes, or throws: 403 on the channel, and the method never
 * reaches the upstream. An `AnswerAwaited` has the method wait for an answer from elsewhere.
 */
export interface Firewall {
  /** A method without content; an empty name of a queue is replaced by the one it stands for. */
  method(method: Method): void;
  /** A basic.publish, before its content has come. */
  publish(exchange: string, routingKey: string): void;
  /** Its content header, whose properties begin at `flagsAt`. */
  content(bodyBytes: number, block: Block, flagsAt: number, end: number): void;
}
