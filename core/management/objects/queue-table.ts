import * as v from 'valibot';
import { ServerConnection } from '../../broker/connection/server-connection.ts';
import type { Queue } from '../../broker/queue/abstract-queue.ts';
import {
  arrays, column, flags, numbers, objects, texts, textsOrNull, nulls,
} from '../lists/columns.ts';
import { Table, type Column } from '../lists/table.ts';
import { connectionDetails } from './endpoints.ts';
import { consumerTable, withChannels } from './consumer-table.ts';
import { nested } from './nested.ts';
import { lengthDetails, messageStats } from './rates.ts';
import { processColumns } from './runtime.ts';

const isStream = ({ settings }: Queue): boolean => settings.type === 'stream';
const isQuorum = ({ settings }: Queue): boolean => settings.type === 'quorum';
const messagesOf = ({ readyCount, unackedCount }: Queue): number => readyCount + unackedCount;

const bytesOf = ({ readyBytes, unackedBytes }: Queue): number => readyBytes + unackedBytes;

/** A column of classic and quorum queues. */
const unlessStream = <T>(of: (queue: Queue) => T) => (queue: Queue): T | undefined => (
  isStream(queue) ? undefined : of(queue));

/** A column of queues that RabbitMQ copies to other nodes: here there is one. */
const onNode = (of: (node: string) => object): Column<Queue> => column(v.unknown(),
  (queue, { broker }) => (
    queue.settings.type === 'classic' ? undefined : of(broker.options.node)));

const identity = {
  name: texts<Queue>(({ name }) => name),
  vhost: texts<Queue>(({ vhost }) => vhost.name),
  type: texts<Queue>(({ settings }) => settings.type),
  durable: flags<Queue>(({ options }) => options.durable),
  auto_delete: flags<Queue>(({ options }) => options.autoDelete),
  exclusive: flags<Queue>(({ options }) => options.owner !== undefined),
  arguments: objects<Queue>(({ options }) => options.arguments),
  node: texts<Queue>((_queue, { broker }) => broker.options.node),
  state: texts<Queue>(({ isPaused }) => (isPaused ? 'paused' : 'running')),
};

const counts = {
  messages: numbers<Queue>(messagesOf),
  messages_ready: numbers<Queue>(({ readyCount }) => readyCount),
  messages_unacknowledged: numbers<Queue>(({ unackedCount }) => unackedCount),
};

/** A queue as RabbitMQ's API shows it. */
export const queueTable = new Table<Queue>('queue', {
  ...identity,
  ...counts,
  ...lengthDetails(),
  ...messageStats(),
  messages_ram: numbers(messagesOf),
  messages_ready_ram: numbers(({ readyCount }) => readyCount),
  messages_unacknowledged_ram: numbers(({ unackedCount }) => unackedCount),
  messages_persistent: numbers(({ persistent: { messages } }) => messages),
  messages_paged_out: numbers(() => 0),
  message_bytes: numbers(unlessStream(bytesOf)),
  message_bytes_ready: numbers(unlessStream(({ readyBytes }) => readyBytes)),
  message_bytes_unacknowledged: numbers(unlessStream(({ unackedBytes }) => unackedBytes)),
  message_bytes_ram: numbers(unlessStream(bytesOf)),
  message_bytes_persistent: numbers(unlessStream(({ persistent: { bytes } }) => bytes)),
  message_bytes_paged_out: numbers(unlessStream(() => 0)),
  memory: numbers(({ readyCount }) => 2600 + readyCount * 24),
  consumers: numbers(({ consumers }) => consumers.count),
  active_consumers: numbers(({ consumers }) => (
    consumers.active === undefined ? consumers.count : 1)),
  consumer_capacity: numbers(({ consumers }) => (consumers.anyReady ? 1 : 0)),
  consumer_utilisation: numbers(({ consumers }) => (consumers.anyReady ? 1 : 0)),
  exclusive_consumer_tag: textsOrNull(({ consumers }) => (
    consumers.exclusive ? consumers.all[0]?.options.consumerTag ?? null : null)),
  single_active_consumer_tag: textsOrNull(({ consumers: { active } }) => (
    active?.options.consumerTag ?? null)),
  head_message_timestamp: column(v.nullable(v.number()), headTimestamp),
  policy: textsOrNull(({ effective }) => effective?.policy?.name ?? null),
  operator_policy: textsOrNull(({ effective }) => effective?.operatorPolicy?.name ?? null),
  effective_policy_definition: objects(({ effective }) => effective?.definition ?? {}),
  recoverable_slaves: nulls(),
  leader: texts((queue, { broker }) => (
    queue.settings.type === 'classic' ? undefined : broker.options.node)),
  members: onNode((node) => [node]),
  online: onNode((node) => [node]),
  messages_dlx: numbers((queue) => (isQuorum(queue) ? queue.letters?.count ?? 0 : undefined)),
  message_bytes_dlx: numbers((queue) => (
    isQuorum(queue) ? queue.letters?.heldBytes ?? 0 : undefined)),
  messages_dead_lettered_confirmed: numbers((queue) => (
    isQuorum(queue) ? queue.letters?.confirmed ?? 0 : undefined)),
  ...processColumns(),
}, {
  lean: { columns: Object.keys(identity), totals: Object.keys(counts) },
});

/** One queue alone, with its consumers and why it does what it does. */
export const wholeQueueTable = queueTable.with({
  consumer_details: arrays((queue, view) => (
    nested(consumerTable, withChannels(view.broker, queue.consumers.all), view))),
  owner_pid_details: objects(({ options: { owner } }) => (
    owner instanceof ServerConnection ? connectionDetails(owner) : undefined)),
  deliveries: arrays(() => []),
  incoming: arrays(() => []),
  why: objects((queue, { broker }) => (
    broker.vhosts.get(queue.vhost.name)?.appliedPolicies.explain(queue))),
});

/** When the oldest message was made, as its publisher says, in seconds. */
function headTimestamp(queue: Queue): number | null {
  let found: number | null = null;
  queue.forEachWaiting((delivery) => {
    found = queue.messageOf(delivery)?.properties.timestamp ?? null;
    return false;
  });
  return found;
}
