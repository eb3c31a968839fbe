/** What lives in the broker, as lists. */
import { part, placeOf, type Collection, type Creation, type Row } from './collection.ts';
import { nameField, vhostField } from './fields.ts';

const argumentsField = {
  name: 'arguments', title: 'Arguments', kind: 'json', initial: '{}', isOptional: true,
  hint: '{ "x-message-ttl": 60000 }',
} as const;
const durableField = { name: 'durable', title: 'Durable', kind: 'flag', initial: 'true' } as const;
const autoDeleteField = { name: 'auto_delete', title: 'Auto-delete', kind: 'flag' } as const;

const queuePath = (row: Row): string => `/api/queues/${placeOf(row)}`;

const queues: Collection = {
  name: 'queues', title: 'Queues', path: '/api/queues', empty: 'There is no queue.',
  columns: [
    {
      key: 'name', title: 'Name',
      href: ({ vhost, name }) => `#/queues?q=${part(name)}&vhost=${part(vhost)}`,
    },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'type', title: 'Type' },
    { key: 'state', title: 'State' },
    { key: 'policy', title: 'Policy' },
    { key: 'messages_ready', title: 'Ready', as: 'number' },
    { key: 'messages_unacknowledged', title: 'Unacked', as: 'number' },
    { key: 'message_bytes', title: 'Bodies', as: 'octets' },
    { key: 'consumers', title: 'Consumers', as: 'number' },
    { key: 'message_stats.publish_details.rate', title: 'In', as: 'rate' },
    { key: 'message_stats.deliver_get_details.rate', title: 'Out', as: 'rate' },
  ],
  actions: [
    {
      label: 'Pause', method: 'PUT', path: (row) => `${queuePath(row)}/pause`,
      isOffered: ({ state }) => state !== 'paused',
    },
    {
      label: 'Resume', method: 'PUT', path: (row) => `${queuePath(row)}/resume`,
      isOffered: ({ state }) => state === 'paused',
    },
    {
      label: 'Purge', method: 'DELETE', path: (row) => `${queuePath(row)}/contents`,
      asks: ({ name, messages_ready: ready }) => (
        `Drop all ${String(ready)} messages that wait in ${String(name)}?`),
    },
    {
      label: 'Delete', method: 'DELETE', path: queuePath,
      asks: ({ name, messages }) => (
        `Delete the queue ${String(name)} with its ${String(messages)} messages?`),
    },
  ],
  creation: {
    title: 'Declare a queue',
    fields: [nameField, vhostField, durableField, autoDeleteField, argumentsField],
    path: (values) => `/api/queues/${placeOf(values)}`,
  },
};

const exchangePath = (row: Row): string => `/api/exchanges/${placeOf(row)}`;
const isOwn = ({ name }: Row): boolean => name !== '' && !String(name).startsWith('amq.');

function publication({ vhost, name }: Row): Creation {
  const exchange = name === '' ? 'amq.default' : String(name);
  return {
    title: name === '' ? 'Publish to a queue' : `Publish to ${exchange}`,
    method: 'POST',
    fields: [
      {
        name: 'routing_key', title: name === '' ? 'Name of the queue' : 'Routing key',
        isOptional: true,
      },
      { name: 'payload', title: 'Body', isOptional: true },
      { name: 'headers', title: 'Headers', kind: 'json', initial: '{}' },
      { name: 'persistent', title: 'Persistent', kind: 'flag', initial: 'true' },
    ],
    path: () => `/api/exchanges/${part(vhost)}/${part(exchange)}/publish`,
    body: ({ routing_key, payload, headers, persistent }) => ({
      routing_key, payload, payload_encoding: 'string',
      properties: { delivery_mode: persistent === true ? 2 : 1, headers },
    }),
    regret: (answer) => (
      (answer as { routed: boolean }).routed ? '' : 'No queue took it: it is gone.'),
  };
}

const exchanges: Collection = {
  name: 'exchanges', title: 'Exchanges', path: '/api/exchanges', empty: 'There is no exchange.',
  columns: [
    { key: 'name', title: 'Name' },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'type', title: 'Type' },
    { key: 'durable', title: 'Durable', as: 'flag' },
    { key: 'internal', title: 'Internal', as: 'flag' },
    { key: 'policy', title: 'Policy' },
    { key: 'arguments', title: 'Arguments', as: 'table' },
    { key: 'message_stats.publish_in_details.rate', title: 'In', as: 'rate' },
    { key: 'message_stats.publish_out_details.rate', title: 'Out', as: 'rate' },
  ],
  actions: [{ label: 'Publish', form: publication }, {
    label: 'Delete', method: 'DELETE', path: exchangePath, isOffered: isOwn,
    asks: ({ name }) => `Delete the exchange ${String(name)} with its bindings?`,
  }],
  creation: {
    title: 'Declare an exchange',
    fields: [
      nameField, vhostField,
      { name: 'type', title: 'Type', kind: ['direct', 'fanout', 'topic', 'headers'] },
      durableField, autoDeleteField, { name: 'internal', title: 'Internal', kind: 'flag' },
      argumentsField,
    ],
    path: (values) => `/api/exchanges/${placeOf(values)}`,
  },
};

const bindingsPath = ({ vhost, source, destination, destination_type: type }: Row): string =>
  `/api/bindings/${part(vhost)}/e/${part(source)}/${type === 'queue' ? 'q' : 'e'}/` +
  part(destination);

const bindings: Collection = {
  name: 'bindings', title: 'Bindings', path: '/api/bindings', empty: 'There is no binding.',
  isPaged: false,
  columns: [
    { key: 'source', title: 'From exchange' },
    { key: 'destination', title: 'To' },
    { key: 'destination_type', title: 'Which is' },
    { key: 'routing_key', title: 'Key' },
    { key: 'arguments', title: 'Arguments', as: 'table' },
    { key: 'vhost', title: 'Virtual host' },
  ],
  actions: [{
    label: 'Unbind', method: 'DELETE', isOffered: ({ source }) => source !== '',
    path: (row) => `${bindingsPath(row)}/${part(row['properties_key'])}`,
    asks: ({ source, destination }) => (
      `Remove the binding from ${String(source)} to ${String(destination)}?`),
  }],
  creation: {
    title: 'Bind',
    method: 'POST',
    fields: [
      vhostField, { name: 'source', title: 'From exchange', inPath: true },
      { name: 'destination_type', title: 'To a', kind: ['queue', 'exchange'], inPath: true },
      { name: 'destination', title: 'Named', inPath: true },
      { name: 'routing_key', title: 'Key', isOptional: true }, argumentsField,
    ],
    path: bindingsPath,
  },
};

const connections: Collection = {
  name: 'connections', title: 'Connections', path: '/api/connections',
  empty: 'Nobody is connected.',
  columns: [
    { key: 'user_provided_name', title: 'Called' },
    { key: 'name', title: 'Name' },
    { key: 'user', title: 'User' },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'state', title: 'State' },
    { key: 'protocol', title: 'Protocol' },
    { key: 'ssl', title: 'TLS', as: 'flag' },
    { key: 'channels', title: 'Channels', as: 'number' },
    { key: 'recv_oct_details.rate', title: 'In', as: 'octets-rate' },
    { key: 'send_oct_details.rate', title: 'Out', as: 'octets-rate' },
  ],
  actions: [{
    label: 'Close', method: 'DELETE', path: ({ name }) => `/api/connections/${part(name)}`,
    asks: ({ name, user }) => `Close the connection ${String(name)} of ${String(user)}?`,
  }],
};

const channels: Collection = {
  name: 'channels', title: 'Channels', path: '/api/channels', empty: 'There is no channel.',
  columns: [
    { key: 'name', title: 'Name' },
    { key: 'user', title: 'User' },
    { key: 'vhost', title: 'Virtual host' },
    { key: 'state', title: 'State' },
    { key: 'confirm', title: 'Confirms', as: 'flag' },
    { key: 'transactional', title: 'Transactional', as: 'flag' },
    { key: 'prefetch_count', title: 'Prefetch', as: 'number' },
    { key: 'messages_unacknowledged', title: 'Unacked', as: 'number' },
    { key: 'messages_unconfirmed', title: 'Unconfirmed', as: 'number' },
    { key: 'consumer_count', title: 'Consumers', as: 'number' },
  ],
};

const consumers: Collection = {
  name: 'consumers', title: 'Consumers', path: '/api/consumers', empty: 'Nobody consumes.',
  isPaged: false,
  columns: [
    { key: 'consumer_tag', title: 'Tag' },
    { key: 'queue.name', title: 'Queue' },
    { key: 'queue.vhost', title: 'Virtual host' },
    { key: 'channel_details.name', title: 'Channel' },
    { key: 'ack_required', title: 'Acknowledges', as: 'flag' },
    { key: 'prefetch_count', title: 'Prefetch', as: 'number' },
    { key: 'exclusive', title: 'Exclusive', as: 'flag' },
    { key: 'active', title: 'Active', as: 'flag' },
    { key: 'arguments', title: 'Arguments', as: 'table' },
  ],
  actions: [{
    label: 'Cancel', method: 'DELETE',
    path: ({ queue, channel_details: channel, consumer_tag: tag }) => (
      `/api/consumers/${part((queue as Row)['vhost'])}/${part((channel as Row)['name'])}/` +
      part(tag)),
    asks: ({ consumer_tag: tag }) => `Cancel the consumer ${String(tag)}?`,
  }],
};

export const objects: readonly Collection[] = [
  queues, exchanges, bindings, connections, channels, consumers,
];
