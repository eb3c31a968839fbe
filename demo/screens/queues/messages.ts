/** What the queue browser asks of the broker, and how it shows it. */
import type { MessageView, QueueView, RemovedMessage } from '../../../core/management/index.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { queuePath } from '../../port/queue-path.ts';
import { bodyLine } from '../../shell/format.ts';

export type MessageState = 'ready' | 'unacked' | 'scheduled';

/** Messages that are looked at in one go: searched, sorted, shown in pages. */
export const LOOKED_MESSAGES = 1000;
/** Messages of one page. */
export const PAGE_MESSAGES = 50;
/** Octets of a body that are enough to read it in a line, to search in it, and to take it along. */
export const payloadBytes = { shown: 2000, searched: 50_000, whole: 2 ** 31 } as const;

/** The part of a queue that is looked at. */
export interface Look {
  readonly state: MessageState;
  readonly from: number;
  /** Messages at most; default LOOKED_MESSAGES. */
  readonly count?: number;
}

type QueueName = Pick<QueueView, 'vhost' | 'name'>;

/** Looks at a part of a queue; nothing of it changes. Rejects with what was refused. */
export function peekAt(
  port: BrokerPort, queue: QueueName, look: Look, bytes: number = payloadBytes.shown,
): Promise<readonly MessageView[]> {
  const { state, from, count = LOOKED_MESSAGES } = look;
  const query = `state=${state}&from=${from}&count=${count}&payload=${bytes}`;
  return call(port, `${placeOf(queue)}/messages?${query}`);
}

/** The same messages with the whole of their bodies; without those that are gone meanwhile. */
export async function peekWhole(
  port: BrokerPort, queue: QueueName, look: Look, messages: readonly MessageView[],
): Promise<readonly MessageView[]> {
  // An exchange that holds a message back knows no id of it.
  const nameOf = ({ id, message, due_at }: MessageView): string => `${id} ${message} ${due_at}`;
  const all = await peekAt(port, queue, look, payloadBytes.whole);
  const byName = new Map(all.map((one) => [nameOf(one), one]));
  return messages.flatMap((one) => byName.get(nameOf(one)) ?? []);
}

export function moveMessages(
  port: BrokerPort, queue: QueueName, ids: readonly string[], to: string,
): Promise<readonly RemovedMessage[]> {
  return call(port, `${placeOf(queue)}/messages/move`, posted({ ids, to }));
}

export function deleteMessages(
  port: BrokerPort, queue: QueueName, ids: readonly string[],
): Promise<readonly RemovedMessage[]> {
  return call(port, `${placeOf(queue)}/messages/delete`, posted({ ids }));
}

/** Drops all messages that wait. Rejects with what was refused, as of a stream. */
export function purgeQueue(port: BrokerPort, queue: QueueName): Promise<unknown> {
  return call(port, `${placeOf(queue)}/contents`, { method: 'DELETE' });
}

/** Publishes copies of messages as they were published; how many of them found a queue. */
export async function republish(
  port: BrokerPort, vhost: string, messages: readonly MessageView[],
): Promise<number> {
  let routed = 0;
  for (const { exchange, routing_key, properties, payload } of messages) {
    const name = exchange === '' ? 'amq.default' : encodeURIComponent(exchange);
    const path = `/api/exchanges/${encodeURIComponent(vhost)}/${name}/publish`;
    const sent = { routing_key, properties, payload };
    if ((await call<{ routed: boolean }>(port, path, posted(sent))).routed) routed++;
  }
  return routed;
}

/** `2 moved to parked; 1 not: connection-1/1 holds it unacknowledged` */
export function reportText(report: readonly RemovedMessage[], done: string): string {
  const refused = report.filter(({ outcome }) => outcome === 'refused');
  const reasons = [...new Set(refused.map(({ text }) => text))].join('; ');
  const rest = refused.length === 0 ? '' : `; ${refused.length} not: ${reasons}`;
  return `${report.length - refused.length} ${done}${rest}.`;
}

type ApiInit = Parameters<BrokerPort['api']>[1];

const posted = (body: object): ApiInit => ({ method: 'POST', body });

async function call<T>(port: BrokerPort, path: string, init?: ApiInit): Promise<T> {
  const { status, body } = await port.api(path, init);
  if (status >= 300) throw new Error((body as { reason: string }).reason);
  return body as T;
}

function placeOf({ vhost, name }: QueueName): string {
  return `/api/queues/${queuePath(vhost, name)}`;
}

export const sortNames = {
  place: 'by place', age: 'by age', size: 'by size', priority: 'by priority', due: 'by due time',
} as const;

export type SortKey = keyof typeof sortNames;

const sortValues: Record<SortKey, (message: MessageView) => number> = {
  place: ({ position }) => position,
  // Numbers are given in the order of publishing, and places within a priority are as well.
  age: ({ held_by, message, position }) => held_by?.since ?? message ?? position,
  size: ({ payload_bytes }) => -payload_bytes,
  priority: ({ properties }) => -(properties.priority ?? 0),
  due: (message) => dueAt(message) ?? Infinity,
};

/** When something happens to it by itself. */
export function dueAt({ due_at, expires_at }: MessageView): number | null {
  return due_at ?? expires_at;
}

/** The messages that hold this text in key, headers or body, in the order asked for. */
export function arrange(
  messages: readonly MessageView[], text: string, sort: SortKey, reversed: boolean,
): readonly MessageView[] {
  const wanted = text.toLowerCase();
  const value = sortValues[sort];
  const sorted = messages
    .filter((message) => searchText(message).includes(wanted))
    .toSorted((a, b) => value(a) - value(b) || a.position - b.position);
  return reversed ? sorted.toReversed() : sorted;
}

function searchText({ routing_key, properties, payload }: MessageView): string {
  const { headers = {} } = properties;
  const words = Object.entries(headers).map(([name, each]) => `${name}=${String(each)}`);
  return [routing_key, ...words, bodyLine(payload, payload.length)].join(' ').toLowerCase();
}

/** A message as a function of the user's sees it: `m => m.headers.retry > 2`. */
export function predicateInput(message: MessageView): Readonly<Record<string, unknown>> {
  const { exchange, routing_key: routingKey, properties, redelivered, position } = message;
  const text = new TextDecoder().decode(message.payload);
  return {
    exchange, routingKey, properties, headers: properties.headers ?? {}, text, body: parsed(text),
    bytes: message.payload_bytes, position, redelivered, deliveryCount: message.delivery_count,
    expiresAt: message.expires_at, dueAt: message.due_at,
    heldBy: message.held_by?.channel ?? null, heldSince: message.held_by?.since ?? null,
  };
}

/** Its value where it is JSON, else the text that it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A message as a line of JSON, its body as text or in base64 where it is none. */
export function exportMessages(messages: readonly MessageView[]): string {
  return messages.map(({ payload, message: _number, id: _id, ...rest }) => (
    `${JSON.stringify({ ...rest, ...encoded(payload) }, jsonValue)}\n`
  )).join('');
}

function encoded(payload: Uint8Array): Record<string, string> {
  const text = new TextDecoder().decode(payload);
  if (!text.includes('\ufffd')) return { payload: text, payload_encoding: 'string' };
  const octets = Array.from(payload, (octet) => String.fromCharCode(octet)).join('');
  return { payload: btoa(octets), payload_encoding: 'base64' };
}

function jsonValue(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
