import { map, scan, type Observable } from 'rxjs';
import type { TapOf, TapType } from '../../../core/management/index.ts';
import type { TapBatch } from '../../port/broker-port.ts';

type MessageType = Extract<TapType, `message.${string}`>;
export type MessageEvent = TapOf<MessageType>;
export type Published = TapOf<'message.published'>;

/** One thing that happened to a message. */
export interface LifeStep {
  readonly seq: number;
  readonly at: number;
  /** `seq` of the frame that the broker was handling; 0: none. */
  readonly frame: number;
  readonly type: MessageType;
  readonly text: string;
  /** Names of the x-death reasons and the like stand out. */
  readonly tone: 'plain' | 'good' | 'bad';
}

export interface Life {
  /** How it came in; undefined where the tap has forgotten it. */
  readonly published: Published | undefined;
  readonly steps: readonly LifeStep[];
  /** The message before it with the same exchange and routing key. */
  readonly before: Published | undefined;
}

export const messageTypes: readonly MessageType[] = [
  'message.published', 'message.routed', 'message.unroutable', 'message.returned',
  'message.enqueued', 'message.refused', 'message.delivered', 'message.settled',
  'message.requeued', 'message.expired', 'message.dead-lettered', 'message.moved',
  'message.dropped',
];

/** The life of one message: also what it was before it was dead-lettered or moved, and after. */
export function lifeOf(tap$: Observable<TapBatch>, message: number): Observable<Life> {
  return tap$.pipe(
    scan((all, { events }) => {
      for (const event of events) all.push(event as MessageEvent);
      return all;
    }, [] as MessageEvent[]),
    map((events) => tell(events, message)),
  );
}

function tell(events: readonly MessageEvent[], message: number): Life {
  const same = sameMessage(events, message);
  const own = events.filter((event) => same.has(event.message));
  const published = own.find((event) => event.type === 'message.published');
  const before = published && events.findLast((event): event is Published => (
    event.type === 'message.published' && event.seq < published.seq &&
    event.exchange === published.exchange && event.routingKey === published.routingKey
  ));
  return { published, before, steps: own.map(stepOf) };
}

/** Numbers under which the broker knew one message, in the order in which it got them. */
function sameMessage(events: readonly MessageEvent[], message: number): ReadonlySet<number> {
  const same = new Set([message]);
  const changes = events.filter((event) => 'becomes' in event);
  for (const change of changes.toReversed()) {
    if (same.has(change.becomes)) same.add(change.message);
  }
  for (const change of changes) {
    if (same.has(change.message) && change.becomes !== 0) same.add(change.becomes);
  }
  return same;
}

function stepOf(event: MessageEvent): LifeStep {
  const { seq, at, frame, type } = event;
  return { seq, at, frame, type, text: sentence(event), tone: tones[type] ?? 'plain' };
}

const tones: Partial<Record<MessageType, LifeStep['tone']>> = {
  'message.settled': 'good',
  'message.unroutable': 'bad',
  'message.refused': 'bad',
  'message.dropped': 'bad',
  'message.dead-lettered': 'bad',
  'message.expired': 'bad',
};

const outcomes = {
  ack: 'acknowledged', reject: 'rejected', requeue: 'given back', return: 'taken back',
} as const;

function sentence(event: MessageEvent): string {
  switch (event.type) {
    case 'message.published':
      return `published to ${exchangeText(event.exchange)} with key "${event.routingKey}"` +
        `${byText(event.owner)}, ${event.bodyBytes} bytes`;
    case 'message.routed':
      return `routed to ${event.destinations.join(', ')}${bindingsText(event)}`;
    case 'message.unroutable':
      return `fits no binding of ${exchangeText(event.exchange)}`;
    case 'message.returned':
      return `returned${byText(event.owner).replace('by', 'to')}: ${event.reason}`;
    case 'message.enqueued':
      return `waits in ${event.queue} at place ${event.ready}`;
    case 'message.refused':
      return `refused by ${event.queue}, which is full`;
    case 'message.delivered':
      return `delivered from ${event.queue} to ${event.owner || 'a consumer in process'}, tag ` +
        `${event.deliveryTag}${event.redelivered ? ', redelivered' : ''}` +
        `${event.noAck ? ', no acknowledgement wanted' : ''}`;
    case 'message.settled':
      return `${outcomes[event.outcome]}${byText(event.owner)}`;
    case 'message.requeued':
      return `back in ${event.queue}`;
    case 'message.expired':
      return `expired in ${event.queue}`;
    case 'message.dead-lettered':
      return `dead-lettered (${event.reason}) to ${exchangeText(event.exchange)} with key ` +
        `"${event.routingKey}"${event.becomes === 0 ? ', which reaches no queue' : ''}`;
    case 'message.moved':
      return `moved by hand from ${event.queue} to ${event.to}`;
    case 'message.dropped':
      return `dropped from ${event.queue}: ${event.reason}`;
  }
}

function exchangeText(exchange: string): string {
  return exchange === '' ? 'the default exchange' : exchange;
}

function byText(owner: string): string {
  return owner === '' ? '' : ` by ${owner}`;
}

function bindingsText({ matched }: TapOf<'message.routed'>): string {
  const keys = matched.filter(({ source }) => source !== '').map((one) => `"${one.routingKey}"`);
  return keys.length === 0 ? '' : ` by the binding ${keys.join(', ')}`;
}
