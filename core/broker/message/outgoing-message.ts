import type { Properties } from '../../protocol/types.ts';

/** A message to be published in process. */
export interface OutgoingMessage {
  /** Default: the empty key. */
  readonly routingKey?: string;
  /** Text is sent as UTF-8. */
  readonly body: Uint8Array | string;
  readonly properties?: Properties;
  /** It is to come back on `returned$` where no queue takes it. */
  readonly mandatory?: boolean;
  /** It is to come back on `returned$` where no consumer can have it at once. */
  readonly immediate?: boolean;
}
