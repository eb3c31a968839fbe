/** What is told of a thing that was chosen, in words. */
import type { BindingView, TopologyView } from '../../../core/management/index.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import { queueRoute } from '../../port/queue-path.ts';
import type { Selection } from '../../shell/app.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Something that it is joined to. */
export interface Joined {
  readonly text: string;
  /** What is chosen by it; undefined: nothing that can be. */
  readonly selection?: Selection;
}

export interface Facts {
  readonly title: string;
  readonly kind: string;
  readonly facts: readonly Fact[];
  readonly joined: readonly { readonly title: string; readonly all: readonly Joined[] }[];
  /** Where more of it is shown. */
  readonly more: { readonly route: string; readonly text: string } | undefined;
}

/** undefined: it is not there any more. */
export function factsOf(selection: Selection, topology: TopologyView): Facts | undefined {
  switch (selection.kind) {
    case 'queue': return factsOfQueue(selection.name, topology);
    case 'exchange': return factsOfExchange(selection.name, topology);
    case 'connection': return factsOfConnection(selection.name, topology);
    default: return undefined;
  }
}

function factsOfQueue(name: string, topology: TopologyView): Facts | undefined {
  const queue = topology.queues.find((each) => each.name === name);
  if (queue === undefined) return undefined;
  const bindings = topology.bindings.filter(({ destination, destination_type: type, source }) =>
    type === 'queue' && destination === name && source !== '');
  const consumers = topology.consumers.filter((each) => each.queue === name);
  return {
    title: name,
    kind: `${queue.type} queue`,
    facts: [
      { name: 'Ready', value: String(queue.messages_ready) },
      { name: 'Unacknowledged', value: String(queue.messages_unacknowledged) },
      ...traits({
        durable: queue.durable, transient: !queue.durable, exclusive: queue.exclusive,
        'auto-delete': queue.auto_delete,
      }),
      ...fieldsOf(queue.arguments),
    ],
    joined: [
      {
        title: 'Bound from',
        all: bindings.map((binding) => ({
          text: `${binding.source}${keyOf(binding)}`,
          selection: { kind: 'exchange', name: binding.source },
        })),
      },
      {
        title: 'Consumers',
        all: consumers.map(({ channel, unacked, prefetch_count: prefetch, ack_required }) => ({
          text: `${channel} ${ack_required
            ? `holds ${unacked} of ${prefetch || '∞'}` : 'without acknowledgement'}`,
          selection: { kind: 'connection', name: channel.split('/')[0]! },
        })),
      },
    ],
    more: { route: queueRoute(queue.vhost, name), text: 'Look at its messages' },
  };
}

function factsOfExchange(name: string, topology: TopologyView): Facts | undefined {
  const exchange = topology.exchanges.find((each) => each.name === name);
  if (exchange === undefined) return undefined;
  const bindings = topology.bindings.filter(({ source }) => source === name);
  return {
    title: name === '' ? 'Default exchange' : name,
    kind: `${exchange.type} exchange`,
    facts: [
      ...traits({
        durable: exchange.durable, transient: !exchange.durable, internal: exchange.internal,
        'auto-delete': exchange.auto_delete,
      }),
      ...fieldsOf(exchange.arguments),
    ],
    joined: [{
      title: name === '' ? 'Reaches each queue by its name' : 'Bound to',
      all: name === '' ? [] : bindings.map((binding) => ({
        text: `${binding.destination}${keyOf(binding)}`,
        selection: { kind: binding.destination_type, name: binding.destination },
      })),
    }],
    more: undefined,
  };
}

function factsOfConnection(name: string, topology: TopologyView): Facts | undefined {
  const connection = topology.connections.find((each) => each.name === name);
  if (connection === undefined) return undefined;
  const channels = topology.channels.filter((each) => each.connection === name);
  return {
    title: name,
    kind: 'connection',
    facts: [
      { name: 'User', value: connection.user }, { name: 'Virtual host', value: connection.vhost },
      { name: 'State', value: connection.blocked ? 'blocked' : connection.state },
    ],
    joined: [{
      title: 'Channels',
      all: channels.map(({ number, messages_unacknowledged: unacked, confirm }) => ({
        text: `${number}: ${unacked} unacknowledged${confirm ? ', confirms' : ''}`,
      })),
    }],
    more: { route: `/wire?conn=${name.replace('connection-', '')}`, text: 'Look at its frames' },
  };
}

function keyOf({ routing_key: key, arguments: table }: BindingView): string {
  const wanted = fieldsOf(table).map(({ name, value }) => `${name}=${value}`).join(', ');
  if (wanted !== '') return ` where ${wanted}`;
  return key === '' ? '' : ` with ${key}`;
}

function traits(all: Readonly<Record<string, boolean>>): Fact[] {
  const value = Object.keys(all).filter((name) => all[name]).join(', ');
  return value === '' ? [] : [{ name: 'It is', value }];
}

function fieldsOf(table: FieldTable): Fact[] {
  return Object.entries(table).map(([name, value]) => ({
    name, value: typeof value === 'object' ? JSON.stringify(value) : String(value),
  }));
}
