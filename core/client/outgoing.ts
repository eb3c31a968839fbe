import type { Properties } from '../protocol/types.ts';

/** A message to be published. */
export interface Outgoing {
  /** Default: the default exchange, whose routing keys are names of queues. */
  readonly exchange?: string;
  /** Default: the empty key. */
  readonly routingKey?: string;
  /** Text is sent as UTF-8. */
  readonly body: Uint8Array | string;
  readonly properties?: Properties;
  /** Is to come back, where no queue takes it. */
  readonly mandatory?: boolean;
  /** Is to come back, where no consumer can have it at once. RabbitMQ answers it with 540. */
  readonly immediate?: boolean;
}

/** What messages are sent with that do not say. */
export type Route = Pick<Outgoing, 'exchange' | 'routingKey' | 'mandatory'>;

export const NO_ROUTE: Route = {};

const utf8 = new TextEncoder();

/** The octets of the body. */
export function bodyOf({ body }: Outgoing): Uint8Array {
  return typeof body === 'string' ? utf8.encode(body) : body;
}
