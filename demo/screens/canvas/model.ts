import type {
  BindingView, ConsumerView, ExchangeView, QueueInTopology, TopologyView,
} from '../../../core/management/index.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import type { ClientView } from '../../port/client-host.ts';
import { bindingEdge, deliverEdge, publishEdge } from '../../port/edges.ts';

/** A client as the picture shows it: code that runs here, or a connection from elsewhere. */
export interface Party {
  readonly name: string;
  readonly consumers: readonly ConsumerView[];
  /** Absent for a connection from elsewhere. */
  readonly client: ClientView | undefined;
  /** Whether its place is among those who publish. */
  readonly publishes: boolean;
  readonly blocked: boolean;
  /** Whether it is the single active consumer of a queue that allows one alone. */
  readonly crowned: boolean;
}

export type Thing =
  | { readonly id: string; readonly kind: 'client'; readonly name: string; readonly party: Party }
  | { readonly id: string; readonly kind: 'exchange'; readonly name: string;
      readonly exchange: ExchangeView }
  | { readonly id: string; readonly kind: 'queue'; readonly name: string;
      readonly queue: QueueInTopology };

export type WayKind = 'publish' | 'binding' | 'deliver' | 'dead-letter' | 'alternate' | 'implicit';

/** Whether it is for messages that cannot go where they were sent. */
export function isDetour(kind: WayKind): boolean {
  return kind === 'dead-letter' || kind === 'alternate';
}

/** A line of the picture. */
export interface Way {
  readonly id: string;
  readonly kind: WayKind;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly binding?: BindingView;
}

/** The picture: what there is, how it is joined, and which line each edge of the tap takes. */
export interface Graph {
  readonly things: readonly Thing[];
  readonly ways: readonly Way[];
  readonly wayOf: ReadonlyMap<string, string>;
}

/** Who was seen to publish, and which queues were reached through the default exchange. */
export interface Seen {
  /** Pairs of owner (`connection-1/3`) and exchange. */
  readonly publishes: ReadonlyMap<string, { readonly owner: string; readonly exchange: string }>;
  readonly defaultRoutes: ReadonlySet<string>;
}

/** Name by which the canvas itself connects: it is not part of the picture. */
export const CANVAS_NAME = 'canvas';

export const clientId = (name: string): string => `client:${name}`;
export const exchangeId = (name: string): string => `exchange:${name}`;
export const queueId = (name: string): string => `queue:${name}`;

export function buildGraph(
  topology: TopologyView, clients: readonly ClientView[], seen: Seen,
): Graph {
  const nameOf = namesOf(topology, clients);
  const publishers = [...seen.publishes.values()].flatMap(({ owner, exchange }) => {
    const name = nameOf(owner);
    return name === undefined ? [] : [{ owner, exchange, name }];
  });
  const parties = partiesOf(topology, clients, nameOf, new Set(publishers.map(({ name }) => name)));
  const wayOf = new Map<string, string>();
  const ways = new Map<string, Way>();
  const add = (edge: string, way: Way): void => {
    wayOf.set(edge, way.id);
    ways.set(way.id, way);
  };
  const used = new Set<string>(publishers.map(({ exchange }) => exchange));
  for (const { owner, exchange, name } of publishers) {
    add(publishEdge(owner, exchange), way('publish', clientId(name), exchangeId(exchange)));
  }
  for (const binding of topology.bindings) {
    used.add(binding.source);
    if (binding.destination_type === 'exchange') used.add(binding.destination);
    addBinding(binding, add);
  }
  if (topology.queues.length > 0) used.add('');
  addDefaultRoutes(topology, seen, add);
  for (const consumer of topology.consumers) addConsumer(consumer, nameOf, add);
  for (const detour of detoursOf(topology)) {
    used.add(detour.to.slice('exchange:'.length));
    add(detour.id, detour);
  }
  const things = thingsOf(topology, parties, used);
  const ids = new Set(things.map(({ id }) => id));
  const drawn = [...ways.values()].filter(({ from, to }) => ids.has(from) && ids.has(to));
  return { things, ways: drawn, wayOf };
}

function way(
  kind: WayKind, from: string, to: string, label = '', binding?: BindingView,
): Way {
  const id = `${kind} ${from} ${to} ${label}`;
  return { id, kind, from, to, label, ...(binding && { binding }) };
}

type Add = (edge: string, way: Way) => void;

function addBinding(binding: BindingView, add: Add): void {
  const { source, destination, destination_type: kind, routing_key: key } = binding;
  const to = kind === 'queue' ? queueId(destination) : exchangeId(destination);
  const label = labelOf(key, binding.arguments);
  const edge = bindingEdge(source, kind, destination, key);
  add(edge, way('binding', exchangeId(source), to, label, binding));
}

/** The key of a binding, or what it asks of headers. */
export function labelOf(key: string, table: FieldTable): string {
  const wanted = Object.entries(table).filter(([name]) => name !== 'x-match');
  if (wanted.length === 0) return key;
  const pairs = wanted.map(([name, value]) => `${name}=${String(value)}`);
  return `${String(table['x-match'] ?? 'all')}: ${pairs.join(', ')}`;
}

function addDefaultRoutes({ queues }: TopologyView, seen: Seen, add: Add): void {
  for (const { name } of queues) {
    if (!seen.defaultRoutes.has(name)) continue;
    add(bindingEdge('', 'queue', name, name), way('binding', exchangeId(''), queueId(name)));
  }
}

/** The lines from the default exchange to queues that nothing was sent to over it yet. */
export function implicitWays({ things, ways }: Graph): Way[] {
  const from = exchangeId('');
  const drawn = new Set(ways.filter((each) => each.from === from).map(({ to }) => to));
  return things.filter(({ id, kind }) => kind === 'queue' && !drawn.has(id))
    .map(({ id }) => way('implicit', from, id));
}

function addConsumer(
  { queue, channel, consumer_tag: tag }: ConsumerView, nameOf: NameOf, add: Add,
): void {
  const name = nameOf(channel);
  if (name === undefined) return;
  add(deliverEdge(queue, channel, tag), way('deliver', queueId(queue), clientId(name)));
}

/** Where messages go that die, or that fit no binding. */
function detoursOf({ queues, exchanges }: TopologyView): Way[] {
  const dead = queues.flatMap(({ name, arguments: table }) => {
    const exchange = table['x-dead-letter-exchange'];
    if (typeof exchange !== 'string') return [];
    return [way('dead-letter', queueId(name), exchangeId(exchange))];
  });
  const alternate = exchanges.flatMap(({ name, arguments: table }) => {
    const exchange = table['alternate-exchange'];
    if (typeof exchange !== 'string') return [];
    return [way('alternate', exchangeId(name), exchangeId(exchange), 'else')];
  });
  return [...dead, ...alternate];
}

/** The line that a dead message of the queue takes. */
export function deadLetterWay(queue: string, exchange: string): string {
  return way('dead-letter', queueId(queue), exchangeId(exchange)).id;
}

type NameOf = (owner: string) => string | undefined;

/** Who is behind a channel: a client by its name, else its connection; nobody: the canvas. */
function namesOf({ connections }: TopologyView, clients: readonly ClientView[]): NameOf {
  const names = new Map<string, string | undefined>();
  for (const { name, client_properties: properties } of connections) {
    const given = properties['connection_name'];
    const isText = typeof given === 'string' && given !== '';
    names.set(name, given === CANVAS_NAME ? undefined : isText ? given : name);
  }
  for (const { name, connections: own } of clients) {
    for (const connection of own) names.set(connection, name);
  }
  return (owner) => names.get(owner.split('/')[0]!);
}

function partiesOf(
  topology: TopologyView, clients: readonly ClientView[], nameOf: NameOf,
  publishers: ReadonlySet<string>,
): Party[] {
  const names = new Set(clients.map(({ name }) => name));
  for (const { name } of topology.connections) {
    const party = nameOf(name);
    if (party !== undefined) names.add(party);
  }
  return [...names].map((name) => {
    const client = clients.find((each) => each.name === name);
    const consumers = topology.consumers.filter(({ channel }) => nameOf(channel) === name);
    const blocked = topology.connections.some(
      (connection) => connection.blocked && nameOf(connection.name) === name,
    );
    const publishes = publishers.has(name) || (client !== undefined && mayPublish(client.code));
    const crowned = consumers.some(({ active, queue }) => active && isSingle(topology, queue));
    return { name, client, consumers, blocked, publishes, crowned };
  });
}

function isSingle({ queues }: TopologyView, name: string): boolean {
  const queue = queues.find((each) => each.name === name);
  return queue?.arguments['x-single-active-consumer'] === true;
}

/** A client has its place before it has done anything: so nothing jumps when it does. */
function mayPublish(code: string): boolean {
  if (/publish/i.test(code)) return true;
  return !/consume|subscribe|basicGet/i.test(code);
}

function thingsOf(
  { exchanges, queues }: TopologyView, parties: readonly Party[], used: ReadonlySet<string>,
): Thing[] {
  const isShown = ({ name }: ExchangeView): boolean =>
    used.has(name) || (name !== '' && !name.startsWith('amq.'));
  return [
    ...parties.map((party): Thing => (
      { id: clientId(party.name), kind: 'client', name: party.name, party }
    )),
    ...exchanges.filter(isShown).map((exchange): Thing => (
      { id: exchangeId(exchange.name), kind: 'exchange', name: exchange.name, exchange }
    )),
    ...queues.map((queue): Thing => (
      { id: queueId(queue.name), kind: 'queue', name: queue.name, queue }
    )),
  ];
}
