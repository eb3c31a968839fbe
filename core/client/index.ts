/**
 * `tabmq/client`: AMQP 0-9-1 as Observables, for any broker. What opens transports is bound in
 * node/client.ts and browser/client.ts; all else is here.
 */

// Connecting.
export { Connecting, createConnect, type Connect, type ConnectingOptions } from './client.ts';
export { urlOf } from './address.ts';
export { DialError, type Dial, type Endpoint, type TlsOptions } from './dial.ts';
export type { ClientEnv } from './connection-core.ts';
export type { ConnectOptions, ConnectTarget } from './options.ts';
export { parseUri, type UriParts } from './uri.ts';

// What is connected.
export { Channel, type CallName, type CallReply, type ExchangeOptions, type QueueOptions,
  type SendName } from './channel.ts';
export { Connection, type SubscribeOptions } from './connection.ts';
export type { Tuning } from '../session/tune.ts';

// Messages, in and out.
export type { ConsumeOptions } from './consume.ts';
export type { Confirmation } from './confirmation.ts';
export { encodeContent, jsonCodec, textCodec, type ContentCodec } from './content-codec.ts';
export { Delivery } from './delivery.ts';
export { Message } from './message.ts';
export type { Outgoing } from './outgoing.ts';
export { Deliveries, Once } from './faces.ts';
export type { PublisherOptions } from './publish.ts';
export type { Publishing } from './pulled.ts';
export { Returned } from './returned.ts';
export type { Reply, RpcOptions } from './rpc.ts';

// Common shapes of work.
export {
  ackAfter, Batch, batches, type AckAfterOptions, type BatchOptions, type Project,
} from './operators.ts';

// What outlives the loss of a connection.
export { reconnecting, type ReconnectOptions } from './reconnect.ts';
export type { BackOffOptions } from './back-off.ts';
export type { ResubscribeOptions } from './resubscribe.ts';
export { Connection as RecoveringConnection } from './connection.ts';
export type { RecoveryState } from './recovery.ts';
export type { RecoveringPublisherOptions } from './recovering-publisher.ts';

// What goes wrong.
export {
  ArgumentError, CancelledError, ClientError, endsConnection, LostError, PublishError, ReplyError,
  UriError,
  WorkError, type ErrorScope,
} from './errors.ts';

// What the arguments are made of.
export { hostClock } from '../clock/host-clock.ts';
export type { Clock, Random, Serve } from '../ports.ts';
export {
  Decimal, type FieldTable, type FieldValue, type From, type MethodArgs, type MethodName,
  type Properties, type ReplyTo,
} from '../protocol/types.ts';
