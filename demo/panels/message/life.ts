import { map, scan, type Observable } from 'rxjs';
import type { TapOf, TapType } from '../../../core/management/index.ts';
import { eventBytes, ringLimits, type TapBatch } from '../../port/broker-port.ts';
import { Recent } from '../../port/recent.ts';
import { clockText } from '../../shell/format.ts';
import type { Death } from './deaths.ts';

/** Of one message; that a queue dead-letters too often is told of many at once. */
export type MessageEvent = Extract<
  TapOf<Extract<TapType, `message.${string}`>>, { readonly message: number }
>;
type MessageType = MessageEvent['type'];
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
  /** Numbers under which the broker knew it. */
  readonly numbers: ReadonlySet<number>;
  /** Queues that it came to. */
  readonly places: readonly Place[];
  /** How it died here, the last first; as `x-death` tells receivers. */
  readonly deaths: readonly Death[];
}

/** A queue. */
export interface Place {
  readonly vhost: string;
  readonly queue: string;
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
      for (const event of events) {
        // Another broker began, whose messages are counted from the beginning.
        if (event.seq <= (all.items.at(-1)?.seq ?? 0)) all.clear();
        all.add(event as MessageEvent);
      }
      return all;
    }, new Recent<MessageEvent>(ringLimits, eventBytes)),
    map(({ items }) => tell(items, message)),
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
  const places = own.flatMap((event) => (event.type === 'message.enqueued' ? [event] : []))
    .map(({ vhost, queue }) => ({ vhost, queue }))
    .filter(({ vhost, queue }, i, all) => (
      all.findIndex((each) => each.vhost === vhost && each.queue === queue) === i
    ));
  return {
    published, before, steps: own.map(stepOf), numbers: same, places, deaths: deathsIn(own),
  };
}

/** One row for each queue and reason, with what the message had been published with. */
function deathsIn(events: readonly MessageEvent[]): readonly Death[] {
  const deaths = new Map<string, Death>();
  let [exchange, keys] = ['', ''];
  for (const event of events) {
    if (event.type === 'message.dead-lettered') {
      const { queue, reason, at } = event;
      const place = JSON.stringify([queue, reason]);
      const { count, ...first } = deaths.get(place)
        ?? { reason, queue, exchange, keys, time: clockText(at), count: 0 };
      deaths.delete(place);
      deaths.set(place, { ...first, count: count + 1 });
    }
    if (event.type === 'message.dead-lettered' || event.type === 'message.published') {
      [exchange, keys] = [event.exchange, event.routingKey];
    }
  }
  return [...deaths.values()].toReversed();
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
