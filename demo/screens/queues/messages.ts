/** What the queue browser asks of the broker, and how it shows it. */
import type { MessageView } from '../../../core/management/index.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { queuePath } from '../../port/queue-path.ts';
import { bodyLine } from '../../shell/format.ts';

export type MessageState = 'ready' | 'unacked';

/** Messages of one page. */
export const PAGE_MESSAGES = 50;

/** One page of the messages of a queue; nothing of them changes. Rejects with what was refused. */
export async function peekPage(
  port: BrokerPort, vhost: string, queue: string, state: MessageState, page: number,
): Promise<readonly MessageView[]> {
  const place = `/api/queues/${queuePath(vhost, queue)}/messages`;
  const query = `state=${state}&from=${page * PAGE_MESSAGES}&count=${PAGE_MESSAGES}`;
  const { status, body } = await port.api(`${place}?${query}`);
  if (status !== 200) throw new Error((body as { reason: string }).reason);
  return body as readonly MessageView[];
}

export type SortKey = 'position' | 'payload_bytes' | 'priority' | 'expires_at';

const sortValues: Record<SortKey, (message: MessageView) => number> = {
  position: ({ position }) => position,
  payload_bytes: (message) => -message.payload_bytes,
  priority: ({ properties }) => -(properties.priority ?? 0),
  expires_at: (message) => message.expires_at ?? Infinity,
};

/** The messages of a page that hold this text in key, headers or body, in the order asked for. */
export function arrange(
  messages: readonly MessageView[], text: string, sort: SortKey, newestFirst: boolean,
): readonly MessageView[] {
  const wanted = text.toLowerCase();
  const value = sortValues[sort];
  const sorted = messages
    .filter((message) => searchText(message).includes(wanted))
    .toSorted((a, b) => value(a) - value(b) || a.position - b.position);
  return newestFirst ? sorted.toReversed() : sorted;
}

function searchText({ routing_key, properties, payload }: MessageView): string {
  const { headers = {} } = properties;
  const words = Object.entries(headers).map(([name, each]) => `${name}=${String(each)}`);
  return [routing_key, ...words, bodyLine(payload, payload.length)].join(' ').toLowerCase();
}

/** A message as a line of JSON, its body as text or in base64 where it is none. */
export function exportMessages(messages: readonly MessageView[]): string {
  return messages.map(({ payload, message: _number, ...rest }) => {
    const text = new TextDecoder().decode(payload);
    const isText = !text.includes('\ufffd');
    const body = isText ? { payload: text, payload_encoding: 'string' }
      : { payload: btoa(String.fromCharCode(...payload)), payload_encoding: 'base64' };
    return `${JSON.stringify({ ...rest, ...body }, jsonValue)}\n`;
  }).join('');
}

function jsonValue(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
