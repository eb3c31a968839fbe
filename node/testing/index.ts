/**
 * `tabmq/testing`: a broker that a test owns, in place of a RabbitMQ container. Clients connect
 * to it over real sockets; its time, its faults and what it saw are in the hands of the test.
 */
export { startTestBroker, TestBroker, type TestMessage } from './test-broker.ts';
export type { TestBrokerOptions } from './options.ts';
export type { Duration } from './duration.ts';
export type {
  DefinedBinding, DefinedExchange, DefinedPermission, DefinedQueue, DefinedUser, Definitions,
} from './definitions.ts';
export type {
  DeadLetteredPattern, MessagePattern, PublishedPattern, RoutedPattern, WaitOptions,
} from './expectations.ts';
export type {
  ConnectionSelector, DropOptions, Fault, Faults, FaultTarget, RefuseLoginsOptions, RestartOptions,
} from './faults.ts';
export type { LeakReport } from './leaks.ts';
export type { Drawn } from './random.ts';
export type { DurableState } from '../../core/index.ts';
export type { RoutedMessage, SeenMessage } from './seen-message.ts';
export { TestBrokerError } from './test-broker-error.ts';
export type { TestQueue, WaitingMessage } from './test-queue.ts';
export type { TestEvent } from './trail.ts';
export type { Direction, DropKind } from './wire.ts';
/** What a journal of one's own must pass to keep what the broker writes. */
export { runJournalTests, type JournalStore, type JournalSuite } from '../../core/testing/index.ts';
