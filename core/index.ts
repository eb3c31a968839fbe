/** TabMQ: an AMQP 0-9-1 broker that runs anywhere JavaScript runs. */
export {
  Broker, type BrokerEnv, type BrokerOptions, type Durability,
} from './broker/broker.ts';
export { restartInPlace, type DurableState } from './broker/restart.ts';
export type { Access } from './broker/access/access.ts';
export { DEFAULT_HASHING, hashingAlgorithms } from './broker/access/password.ts';
export type { GivenUser } from './broker/access/first-users.ts';
export type {
  Permission, PermissionPatterns, TopicPatterns, TopicPermissions, UserPermissions,
} from './broker/access/permissions.ts';
export {
  userLimits, type User, type UserChange, type UserLimit, type Users,
} from './broker/access/users.ts';
export { virtualHostLimits, type VirtualHostLimit } from './broker/access/virtual-host-limits.ts';
export { profiles, type Compatibility, type Profile } from './broker/definition/compatibility.ts';
export { SettingError, type SettingFault } from './broker/definition/setting-error.ts';
export type { Parameter, Parameters } from './broker/parameters.ts';
export type { Match, Unmatched, Why } from './broker/policy/effective.ts';
export type {
  Policies, Policy, PolicyChange, PolicyDefinition, PolicyTarget,
} from './broker/policy/policies.ts';
export type { VirtualHostMetadata } from './broker/settings.ts';
export type { Alarm } from './broker/alarms.ts';
export type { ConfirmHold } from './broker/publish/confirms.ts';
export { durableIn, messagesIn } from './broker/durable/index.ts';
export type { DurabilityOptions } from './broker/durable/options.ts';
export { UnknownRecord } from './broker/durable/records.ts';
export type { Recovered } from './broker/durable/recovery.ts';
export type {
  BrokerEvent, ConnectionInfo, FrameEvent, RoutedEvent,
} from './broker/events/events.ts';
export type { Exchange } from './broker/exchange/exchange.ts';
export type { IncomingMessage, InProcessOptions } from './broker/queue/in-process-consume.ts';
export type { OutgoingMessage } from './broker/message/outgoing-message.ts';
export type { ReturnedMessage } from './broker/publish/in-process-publish.ts';
export type { Queue } from './broker/queue/abstract-queue.ts';
export type { ServerConnection } from './broker/connection/server-connection.ts';
export type { Stats } from './broker/stats.ts';
export type { MatchedBinding, Receiver, TraceEvent } from './broker/events/trace.ts';
export type { QueueDeclaration } from './broker/queue/declaration.ts';
export type { VirtualHost } from './broker/virtual-host.ts';
export { hostClock, type HostClockOptions } from './clock/host-clock.ts';
export { VirtualClock, type PendingTimer } from './clock/virtual-clock.ts';
export { AmqpError, AnswerAwaited } from './errors.ts';
export { limits } from './limits.ts';
export type {
  Authenticator, Cancel, Clock, Credentials, Identity, Link, LoginRefusal, PeerInfo, Random, Serve,
} from './ports.ts';
export { BufferPool } from './protocol/buffer-pool.ts';
export { dissectFrames, summarize } from './protocol/dissect.ts';
export { PortTransport, servePort, type PortEvent, type PortLike } from './session/message-port.ts';
export { pair } from './session/pair.ts';
export { mechanisms, type Mechanism } from './session/sasl.ts';
export {
  serveTransport, type Transport, type TransportEnv, type Written,
} from './session/transport.ts';
export type {
  Journal, JournalRecord, JournalSegment, JournalTrouble, Lsn,
} from './storage/index.ts';
